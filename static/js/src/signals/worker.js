/**
 * Whether a worker sees another browser than its page: what is put over the one is often forgotten in
 * the other. What they see stays here; it is only compared.
 */

import { countsOf } from "./counts.js";
import { WORKER_DIFFERS } from "./registry.js";
import { seenBy } from "./seen.js";

/**
 * Counts a worker that sees something else than this page.
 * @param {string} site
 * @param {string} seen by the worker
 */
export function compareWorker(site, seen) {
  const counts = countsOf(site);
  if (seen === seenBy(navigator) || counts.has(WORKER_DIFFERS)) return;
  counts.add(WORKER_DIFFERS);
  counts.keep();
}
