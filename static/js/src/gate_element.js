/**
 * `<challenge-gate src="/people/ada/contact"><a href="/people/ada/contact">Show contact
 * details</a></challenge-gate>`: a part of a public page that is fetched when the visitor asks.
 */

import { surroundings } from "./admission.js";
import { askForField } from "./field.js";
import { openField } from "./gate.js";
import { furnish, languageOf } from "./gate_panel.js";
import { GATE_STYLE } from "./gate_style.js";
import { renewAfter } from "./renew.js";

const NAME = "challenge-gate";

/**
 * Turns the page's gates into buttons. Where the browser is too old for that, they stay links.
 * @param {DOMStringMap} dataset of the script tag
 * @param {string} scriptUrl
 */
export function defineGate({ prefix = "", site = "", reports }, scriptUrl) {
  if (!("adoptedStyleSheets" in document) || customElements.get(NAME)) return;
  const style = new CSSStyleSheet();
  style.replaceSync(GATE_STYLE);
  class ChallengeGate extends HTMLElement {
    connectedCallback() {
      const url = addressOf(this);
      if (!url || this.shadowRoot) return;
      const shadow = this.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [style];
      furnish(this, shadow, url.href, (panel) => {
        const field = { url: url.href, resource: url.pathname, language: languageOf(this) };
        const around = { ...surroundings(), ask: askForField, renew: renewAfter };
        const ours = { prefix, site, scriptUrl, reports: reports !== undefined };
        return openField({ ...field, ...ours }, panel, around);
      });
    }
  }
  customElements.define(NAME, ChallengeGate);
}

/**
 * What the gate leads to; undefined when it is not of this site.
 * @param {Element} gate
 */
function addressOf(gate) {
  const src = gate.getAttribute("src");
  if (!src) return undefined;
  try {
    const url = new URL(src, document.baseURI);
    return url.origin === location.origin && /^http/.test(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}
