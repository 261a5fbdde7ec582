/**
 * `<challenge-gate src="/people/ada/contact"><a href="/people/ada/contact">Show contact
 * details</a></challenge-gate>`: a part of a public page that is fetched when the visitor asks.
 */

import { admit, surroundings, textFor } from "./admission.js";
import { queueMs } from "./client.js";
import { ChallengeError, codeOf } from "./errors.js";
import { faceOf } from "./face.js";
import { fetchModule } from "./files.js";
import { getPage } from "./http.js";
import { renewAfter } from "./renew.js";

const NAME = "challenge-gate";

/** What the gate's own file would otherwise have once more. */
const shared = {
  ...{ admit, surroundings, textFor, queueMs, codeOf, ChallengeError },
  ...{ faceOf, getPage, renewAfter },
};

/** @typedef {typeof shared} Shared */

/**
 * Turns the page's gates into buttons. Where the browser is too old for that, or can't have the
 * file, they stay links.
 * @param {DOMStringMap} dataset of the script tag
 * @param {string} scriptUrl
 */
export function defineGate({ prefix = "", site = "", reports }, scriptUrl) {
  if (!("adoptedStyleSheets" in document) || customElements.get(NAME)) return;
  const ours = { prefix, site, scriptUrl, reports: reports !== undefined };
  class ChallengeGate extends HTMLElement {
    async connectedCallback() {
      const url = addressOf(this);
      if (!url) return;
      const gate = await fetchModule(GATE_FILE, scriptUrl).catch(() => undefined);
      if (!this.shadowRoot) gate?.startGate(this, url, ours, shared);
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
