/**
 * Fetches the widget of forms, which is a file of its own, on pages that use it.
 */

import { fetchModule } from "./files.js";
import { solveAnywhere } from "./solver/anywhere.js";
import { send } from "./widget/form.js";

const PLACES = "challenge-widget, .challenge-widget";

/**
 * Makes `tallygate.ready(fn)`, whose first call fetches the widget. Returns the function that looks
 * whether the page uses it otherwise: by an element, or by `?render=` or `?onload=` in the script's
 * URL. A form around such an element that is sent before the file has come waits for it.
 * @param {{ src: string, dataset: DOMStringMap }} script
 */
export function offerWidgets(script) {
  const { src } = script;
  const page = /** @type {{ tallygate?: { ready?: unknown } }} */ (globalThis);
  // Whoever puts the script into a page twice has one widget all the same.
  if (page.tallygate?.ready) return () => {};
  /** @type {Promise<unknown> | undefined} */
  let loading;
  const start = () => {
    loading ??= fetchModule(WIDGET_FILE, src)
      .then(({ startWidgets }) => startWidgets(script, solveAnywhere))
      .finally(letGo);
    return loading;
  };
  const letGo = holdForms(start);
  page.tallygate = { ready: (/** @type {() => void} */ fn) => void start().then(() => fn()) };
  return () => {
    if (/[?&](render|onload)=/.test(src) || document.querySelector(PLACES)) start();
  };
}

/**
 * Forms around such an element wait until the widget has been started, which makes them wait for
 * their response. Returns the function that ends it.
 * @param {() => Promise<unknown>} start
 */
function holdForms(start) {
  const hold = (/** @type {SubmitEvent} */ event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.querySelector(PLACES)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    // Where the file can't be had it is for the server to decide.
    const go = () => send(form, event.submitter);
    start().then(go, go);
  };
  const first = { capture: true };
  document.addEventListener("submit", hold, first);
  return () => document.removeEventListener("submit", hold, first);
}
