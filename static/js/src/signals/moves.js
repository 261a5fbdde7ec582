/**
 * Mouse moves that came one by one: a browser puts those of a hand together, at the pace of its frames.
 * Weak: many touchpads are no faster than that.
 */

/** @type {import("./registry.js").Conduct} */
export const moves = {
  names: ["moves", "single_moves"],
  watch(listen, { add }) {
    listen("pointermove", (event) => {
      if (event.pointerType !== "mouse" || !event.getCoalescedEvents) return;
      add("moves");
      if (event.getCoalescedEvents().length === 1) add("single_moves");
    });
  },
};
