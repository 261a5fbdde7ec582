/** The name of the widget's file that changes with its content; build.mjs puts it in. */
declare const WIDGET_FILE: string;
