/**
 * Pages that were left before anybody can have read them, one after the other, and no hand on any.
 * Weak: who knows the way by heart is fast too. A page that was never shown, or is come back to, is
 * neither a glimpse nor read.
 */

const GLIMPSE_MS = 300;
const HANDS = /** @type {const} */ ([
  ...["pointermove", "pointerdown", "keydown", "wheel", "touchmove", "click"],
]);

/** @type {import("./registry.js").Conduct} */
export const glimpses = {
  names: ["glimpses"],
  watch(listen, { add, clear }) {
    const [way] = /** @type {PerformanceNavigationTiming[]} */ (
      performance.getEntriesByType("navigation")
    );
    if (way?.type !== "navigate") return;
    let shown = 0;
    // From the first byte on: on a slow machine this file comes late.
    let since = document.hidden ? Number.NaN : way.responseStart;
    const look = () => {
      const now = performance.now();
      if (now >= since) shown += now - since;
      since = document.hidden ? Number.NaN : now;
    };
    listen("visibilitychange", look);
    for (const type of HANDS) {
      listen(type, () => {
        shown = GLIMPSE_MS;
      });
    }
    addEventListener("pagehide", leave, { once: true });
    function leave() {
      look();
      if (shown >= GLIMPSE_MS) clear("glimpses");
      else if (shown > 0) add("glimpses");
    }
  },
};
