/**
 * One request for a gated field, and what the answer holds.
 */

import { retryAfterMs } from "../http.js";

/**
 * What a page that refuses has to say: an interstitial, a queue, a closed door.
 * @typedef {object} Refusal
 * @property {{ prefix: string, site: string, units: number, mustBuy: boolean }} [page] where a
 *   clearance can be had, what for, and whether one has to be bought whatever the visitor holds;
 *   not on a page that lets nobody in
 * @property {Record<string, string>} words by their names in a dataset
 * @property {string} lang of the words
 * @property {string} dir
 * @property {string} [retry] the label of the button
 * @property {Element} [ways] to sign in, and to a person
 * @property {boolean} more whether only later a place in the queue can be had
 */

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Node[]} [content] of the field, on a 2xx
 * @property {Refusal} [refusal]
 * @property {number} retryAfterMs NaN when none is named
 * @property {number} remaining units, NaN when unknown
 */

/**
 * @param {{ url: string, language?: string }} field
 * @param {typeof import("../http.js").getPage} getPage
 * @param {import("../http.js").Surroundings} around
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function askForField({ url, language }, getPage, around, signal) {
  const headers = { Accept: "text/html", ...(language && { "Accept-Language": language }) };
  const { response, text } = await getPage(url, { headers, signal }, around);
  const { ok, status } = response;
  const isHtml = response.headers.get("Content-Type")?.includes("html");
  const page = new DOMParser().parseFromString(isHtml ? text : "", "text/html");
  const base = response.url;
  return {
    ...{ status, retryAfterMs: retryAfterMs(response) },
    content: ok && isHtml ? contentOf(page, base) : undefined,
    refusal: ok ? undefined : refusalOf(page, base),
    remaining: Number(response.headers.get("Challenge-Remaining") ?? Number.NaN),
  };
}

/**
 * @param {Document} page
 * @param {string} base
 */
function contentOf(page, base) {
  const holder =
    page.querySelector("[data-challenge-field]") ?? page.querySelector("main") ?? page.body;
  makeAbsolute(holder, base);
  return [...holder.childNodes];
}

/**
 * @param {Document} page
 * @param {string} base
 * @returns {Refusal | undefined}
 */
function refusalOf(page, base) {
  const root = page.getElementById("challenge");
  if (!root) return undefined;
  const { prefix, site = "", units = 1, state, place, ...rest } = root.dataset;
  const words = Object.fromEntries(Object.entries(rest).filter(([name]) => /^text/.test(name)));
  const why = root.querySelector(".challenge-why")?.textContent ?? "";
  const closed = state === "refused";
  if (closed) words.textRefused = why;
  else if (state === "queue") words.textQueue ??= why;
  makeAbsolute(root, base);
  return {
    page:
      prefix && !closed
        ? { prefix, site, units: Number(units), mustBuy: "buy" in root.dataset }
        : undefined,
    words: /** @type {Record<string, string>} */ (words),
    ...{ lang: page.documentElement.lang, dir: page.documentElement.dir || "ltr" },
    retry: root.querySelector("[data-challenge-retry]")?.textContent ?? undefined,
    ways: root.querySelector(".challenge-ways") ?? undefined,
    more: place === "more",
  };
}

/**
 * Lets addresses mean on this page what they meant on theirs.
 * @param {Element} holder
 * @param {string} base
 */
function makeAbsolute(holder, base) {
  for (const name of ["href", "src"]) {
    for (const element of holder.querySelectorAll(`[${name}]:not([${name}^="#"])`)) {
      try {
        element.setAttribute(name, new URL(element.getAttribute(name) ?? "", base).href);
      } catch {
        // No address at all.
      }
    }
  }
}
