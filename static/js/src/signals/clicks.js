/**
 * Mouse clicks as programs make them by default: no time between down and up, in the very centre of
 * what they hit, after one or two leaps. A click by keyboard or assistive technology comes without
 * the mouse having moved there, and is not counted.
 */

/** Milliseconds: people need more. */
const SHORT_MS = 20;
/** Pixels from the centre. */
const CENTRE = 1;
/** Where the pointer was last seen is where a mouse clicks. */
const SAME = 2;
/** Nearer than that nobody has to move far. */
const FAR = 100;
const LEAP_MOVES = 2;

/** @type {import("./registry.js").Conduct} */
export const clicks = {
  names: ["clicks", "short_clicks", "centre_clicks", "teleports"],
  watch(listen, { add }) {
    let downAt = Number.NaN;
    let moves = 0;
    let from = { x: 0, y: 0 };
    let seen = { x: Number.NaN, y: Number.NaN };
    listen("pointermove", ({ pointerType, clientX, clientY }) => {
      if (pointerType !== "mouse") return;
      moves++;
      seen = { x: clientX, y: clientY };
    });
    listen("pointerdown", ({ pointerType, timeStamp, clientX, clientY }) => {
      const there = Math.hypot(clientX - seen.x, clientY - seen.y) <= SAME;
      downAt = pointerType === "mouse" && there ? timeStamp : Number.NaN;
    });
    listen("pointerup", ({ timeStamp, target, clientX, clientY }) => {
      const dwell = timeStamp - downAt;
      downAt = Number.NaN;
      if (!(dwell >= 0)) return;
      add("clicks");
      if (dwell < SHORT_MS) add("short_clicks");
      if (isCentre(target, clientX, clientY)) add("centre_clicks");
      const isFar = Math.hypot(clientX - from.x, clientY - from.y) > FAR;
      if (isFar && moves <= LEAP_MOVES) add("teleports");
      from = { x: clientX, y: clientY };
      moves = 0;
    });
  },
};

/**
 * @param {EventTarget | null} target
 * @param {number} x
 * @param {number} y
 */
function isCentre(target, x, y) {
  if (!(target instanceof Element)) return false;
  const { left, top, width, height } = target.getBoundingClientRect();
  // The whole of something small is its centre.
  if (Math.min(width, height) < 8 * CENTRE) return false;
  const near = (/** @type {number} */ off) => Math.abs(off) <= CENTRE;
  return near(x - left - width / 2) && near(y - top - height / 2);
}
