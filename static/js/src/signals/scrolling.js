/**
 * Scrolling that no hand has caused. Weak: links to anchors, finding in the page and coming back do it.
 */

/** After a wheel, a key, a finger or the bar; what is thrown rolls on for a while. */
const CAUSED_MS = 2000;

/** @type {import("./registry.js").Conduct} */
export const scrolling = {
  names: ["scrolls", "scripted_scrolls"],
  watch(listen, { add }) {
    let until = Number.NEGATIVE_INFINITY;
    const caused = (/** @type {Event} */ { timeStamp }) => {
      until = timeStamp + CAUSED_MS;
    };
    for (const type of /** @type {const} */ (["wheel", "keydown", "touchmove", "pointerdown"])) {
      listen(type, caused);
    }
    listen("scroll", ({ timeStamp }) => {
      add("scrolls");
      if (timeStamp > until) add("scripted_scrolls");
      else until = Math.max(until, timeStamp + CAUSED_MS / 4);
    });
  },
};
