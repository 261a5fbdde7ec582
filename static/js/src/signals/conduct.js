/**
 * A file of its own, which challenge.js fetches where somebody reads: what is counted meanwhile.
 */

import { CONDUCTS } from "./conducts.js";

/**
 * Counts while the visitor reads, and keeps what it has counted when the page is left.
 * @param {import("./counts.js").Counts} counts
 */
export function watchConduct(counts) {
  /** @type {import("./registry.js").Listen} */
  const listen = (type, heard) =>
    document.addEventListener(type, heard, { capture: true, passive: true });
  for (const { watch } of CONDUCTS) watch(listen, counts);
  addEventListener("pagehide", counts.keep);
  addEventListener("visibilitychange", counts.keep);
}
