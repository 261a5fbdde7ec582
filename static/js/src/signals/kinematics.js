/**
 * How a mouse is moved, told in a few whole numbers. Positions are looked at in windows of three
 * seconds; of a window that is over only sums are kept, so neither memory nor what can be told
 * grows with a visit. Where and when the pointer was cannot be read from them.
 *
 * Only a mouse's positions belong here. Nothing that depends on how evenly events come is measured:
 * that tells recorders apart, not hands.
 */

import { STEP_MS, shapeOf } from "./movements.js";

/** What is measured, in the order in which the model knows it. Each is a mean from 0 to 1000. */
export const FEATURES = /** @type {const} */ ([
  "start",
  "stop",
  "plateau",
  "spread",
  "acceleration",
  "jerk",
  "bow",
  "detour",
  "straight",
  "jitter",
]);

export const WINDOW_MS = 3000;
/** Windows with fewer changes of position say nothing: who jumps to a target makes one or two. */
const CHANGES = 12;
/** As many as a page may dispatch in a window; a display of 240 Hz has fewer. */
export const POSITIONS = 750;
export const WINDOWS = 200;
/** A pointer that has not moved for longer rests. */
const REST_MS = 100;
/** A busy page shows the end of a movement only: so far at once, and where it began is unknown. */
const LEAP_PX = 100;

/** @typedef {(typeof FEATURES)[number]} Feature */
/** @typedef {Record<"windows" | Feature, number>} Kinematics */
/** @typedef {{ t: number, x: number, y: number }} Position */
/** @typedef {import("./movements.js").Stroke} Stroke */
/** @typedef {{ start: number, changes: number, strokes: Stroke[] }} Span */

export function kinematics() {
  let windows = 0;
  const sums = FEATURES.map(() => 0);
  /** @type {Span | undefined} */
  let open;
  /** @type {Position | undefined} where the pointer is, unless that is unknown */
  let last;
  let clock = Number.NEGATIVE_INFINITY;

  /** @param {boolean} rests the pointer after the window's last movement, as far as one knows */
  const close = (rests) => {
    if (!open) return;
    const { changes, strokes } = open;
    open = undefined;
    if (changes < CHANGES || windows === WINDOWS) return;
    strokes[strokes.length - 1].toRest = rests;
    const shape = shapeOf(strokes);
    if (!shape) return;
    windows += 1;
    FEATURES.forEach((name, i) => {
      sums[i] += shape[name];
    });
  };

  /** @returns {Kinematics} */
  const told = () => {
    const means = FEATURES.map((name, i) => [name, Math.round(sums[i] / (windows || 1))]);
    return Object.fromEntries([["windows", windows], ...means]);
  };

  return {
    /**
     * The pointer is here now.
     * @param {number} t milliseconds, never less than before
     * @param {number} x CSS pixels
     * @param {number} y
     */
    add(t, x, y) {
      if (!(t >= clock) || !Number.isFinite(t + x + y)) return;
      clock = t;
      const now = { t, x: Math.round(x), y: Math.round(y) };
      if (last && now.x === last.x && now.y === last.y) return;
      const since = last ? t - last.t : 0;
      const far = last ? Math.sqrt((now.x - last.x) ** 2 + (now.y - last.y) ** 2) : 0;
      const rested = last !== undefined && since > REST_MS && far <= LEAP_PX;
      const goesOn = last !== undefined && since <= REST_MS;
      if (open && t >= open.start + WINDOW_MS) close(rested);
      const before = last;
      last = now;
      if (open && open.changes === POSITIONS) return;
      if (!open) open = { start: t, changes: 0, strokes: [] };
      else if (!goesOn) open.strokes[open.strokes.length - 1].toRest = rested;
      if (!goesOn || !open.changes) {
        const from = rested && before ? [{ ...before, t: t - STEP_MS }] : [];
        open.strokes.push({ positions: from, fromRest: rested, toRest: false });
      }
      open.strokes[open.strokes.length - 1].positions.push(now);
      open.changes += 1;
    },
    /** Where the pointer goes from here is not seen: it left the page, or is not a mouse's. */
    lose() {
      last = undefined;
    },
    /**
     * Nothing more is seen after `t`; what comes then is a new recording with its own clock.
     * @param {number} t
     */
    end(t) {
      close(last !== undefined && t - last.t > REST_MS);
      last = undefined;
      clock = Number.NEGATIVE_INFINITY;
    },
    /**
     * The number of windows, and the means over them.
     * @param {number} [t] now, so that a window that is over by then counts
     */
    summary(t = clock) {
      if (open && t >= open.start + WINDOW_MS) close(last !== undefined && t - last.t > REST_MS);
      return told();
    },
    /** Forgets the windows counted so far, and nothing else. */
    reset() {
      windows = 0;
      sums.fill(0);
    },
  };
}
