/**
 * The report: what a browser says when it asks for a challenge. Whole numbers, and only those that
 * are not zero; never a trace, a place or a key.
 */

import { countsOf } from "./counts.js";
import { SIGNALS } from "./registry.js";

/** A signal that has not answered by then is left out: no visitor waits for it. */
const PATIENCE_MS = 50;

/**
 * The report of this moment as one string, and what to call once it has been paid for.
 * @param {string} site
 * @returns {Promise<{ report: string, done: () => void }>}
 */
export async function makeReport(site) {
  const { values: counted, done } = countsOf(site).take();
  const read = await Promise.all(SIGNALS.map(answerOf));
  const values = Object.entries(Object.assign({}, counted, ...read)).filter(([, n]) => n > 0);
  const report = values.length ? JSON.stringify(Object.fromEntries(values)) : "";
  return { report, done };
}

/**
 * @param {import("./registry.js").Signal} signal
 * @returns {Promise<Record<string, number>>}
 */
function answerOf({ read }) {
  const late = new Promise((resolve) => setTimeout(() => resolve({}), PATIENCE_MS));
  const scope = /** @type {import("./registry.js").Scope} */ (/** @type {unknown} */ (globalThis));
  // What a browser does not let us read is no news of its visitor.
  const answer = new Promise((resolve) => resolve(read(scope))).catch(() => ({}));
  return /** @type {Promise<Record<string, number>>} */ (Promise.race([answer, late]));
}
