/**
 * Fetches the widget of forms, which is a file of its own, on pages that use it.
 */

import { fetchModule } from "./files.js";
import { solveAnywhere } from "./solver/anywhere.js";

const PLACES = "challenge-widget, .challenge-widget";

/**
 * Makes `tallygate.ready(fn)`, whose first call fetches the widget. Returns the function that looks
 * whether the page uses it otherwise: by an element, or by `?render=` or `?onload=` in the script's
 * URL.
 * @param {{ src: string, dataset: DOMStringMap }} script
 */
export function offerWidgets(script) {
  const { src } = script;
  /** @type {Promise<unknown> | undefined} */
  let loading;
  const start = () => {
    loading ??= fetchModule(WIDGET_FILE, src).then(({ startWidgets }) =>
      startWidgets(script, solveAnywhere),
    );
    return loading;
  };
  const page = /** @type {{ tallygate?: { ready?: unknown } }} */ (globalThis);
  // Whoever puts the script into a page twice has one widget all the same.
  if (page.tallygate?.ready) return () => {};
  page.tallygate = { ready: (/** @type {() => void} */ fn) => void start().then(() => fn()) };
  return () => {
    if (/[?&](render|onload)=/.test(src) || document.querySelector(PLACES)) start();
  };
}
