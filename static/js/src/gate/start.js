/**
 * The gate's file: `challenge.js` fetches it on pages that have one.
 */

import { askForField } from "./field.js";
import { openField } from "./open.js";
import { furnish, languageOf } from "./panel.js";
import { GATE_STYLE } from "./style.js";

const style = new CSSStyleSheet();
style.replaceSync(GATE_STYLE);

/**
 * Turns a link into a gate.
 * @param {HTMLElement} host
 * @param {URL} url that the link leads to
 * @param {{ prefix: string, site: string, scriptUrl: string, reports: boolean }} site
 * @param {import("../gate_element.js").Shared} shared
 */
export function startGate(host, url, site, shared) {
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [style];
  const { faceOf, getPage, renewAfter: renew, surroundings } = shared;
  const open = (/** @type {import("./open.js").Panel} */ panel) => {
    const field = { url: url.href, resource: url.pathname, language: languageOf(host) };
    /** @type {import("./open.js").Surroundings["ask"]} */
    const ask = (wanted, http, signal) => askForField(wanted, getPage, http, signal);
    return openField({ ...field, ...site }, panel, { ...surroundings(), ...shared, ask, renew });
  };
  furnish(host, shadow, url.href, open, faceOf);
}
