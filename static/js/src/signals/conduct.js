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
  const listen = (type, heard) => {
    // What scripts make is no hand's: link hints and voice control play whole clicks in a moment.
    const real = (/** @type {Parameters<typeof heard>[0]} */ event) => {
      if (event.isTrusted) heard(event);
    };
    document.addEventListener(type, real, { capture: true, passive: true });
  };
  for (const { watch } of CONDUCTS) watch(listen, counts);
  addEventListener("pagehide", counts.keep);
  addEventListener("visibilitychange", counts.keep);
}
