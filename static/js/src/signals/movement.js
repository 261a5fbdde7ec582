/**
 * How the mouse is moved, in the numbers of kinematics.js, kept from page to page as means.
 */

import { FEATURES, kinematics, WINDOWS } from "./kinematics.js";

const NAMES = ["windows", ...FEATURES];

/** @type {import("./registry.js").Conduct} */
export const movement = {
  names: NAMES,
  watch(listen, counts) {
    const seen = kinematics();
    listen("pointermove", ({ pointerType, timeStamp, clientX, clientY }) => {
      if (pointerType === "mouse") seen.add(timeStamp, clientX, clientY);
      else seen.lose();
    });
    listen("pointerout", ({ relatedTarget }) => {
      if (!relatedTarget) seen.lose();
    });
    counts.before(() => {
      const { windows, ...means } = seen.summary(performance.now());
      if (windows) counts.mean("windows", WINDOWS, windows, means);
      seen.reset();
    });
  },
};
