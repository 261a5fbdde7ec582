/** The names of files that change with their content; build.mjs puts them in. */
declare const WIDGET_FILE: string;
declare const CONDUCT_FILE: string;
declare const HOLD_FILE: string;
declare const GATE_FILE: string;
declare const SIMD_FILE: string;
declare const WASM_FILE: string;
