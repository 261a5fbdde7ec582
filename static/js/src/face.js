/**
 * What is shown and said while a visitor is let in. It decides nothing.
 *
 * The markup is its contract: the root (an interstitial's `#challenge`) holds [data-challenge-progress],
 * [data-challenge-live], [data-challenge-problem] with [data-challenge-problem-text], and
 * [data-challenge-retry]; its data-text-* are the words.
 */

import { aboutText } from "./durations.js";
import { announce } from "./events.js";
import { liveRegion } from "./live.js";
import { drawMarks } from "./marks.js";
import { queueOn } from "./queue.js";

/** Work that takes longer than this deserves a word. */
const SLOW_MS = 4000;

/** Until then nothing moves: to draw takes time that the work needs, and who waits less sees none. */
const STILL_MS = 400;

/** Solved sub-puzzles after which the rest can be guessed. */
const ENOUGH_TO_GUESS = 3;

/**
 * @typedef {object} Face
 * @property {() => void} working
 * @property {(count: number) => Work} solving draws `count` strokes still to come
 * @property {(ms: number, moreMs?: number) => void} queue it is somebody else's turn for about `ms`;
 *   or there is no place in the queue yet, and more only in `moreMs`
 * @property {(ms: number) => HTMLElement} asking there is something to do, or `ms` to wait; returns
 *   where it is to be shown
 * @property {() => void} ready
 * @property {(text: string, code: string) => void} problem
 * @property {(text?: string, state?: string) => void} idle as before anything was asked, or at rest
 *   in another state
 */

/**
 * @typedef {object} Work
 * @property {(done: number, count: number, engine: string) => void} onProgress
 * @property {() => void} onSlow says how long it takes, however long it takes
 */

/**
 * @param {HTMLElement} root
 * @param {typeof announce} [tell]
 * @returns {Face}
 */
export function faceOf(root, tell = announce) {
  const texts = root.dataset;
  const progress = find(root, "[data-challenge-progress]");
  const live = liveRegion(find(root, "[data-challenge-live]"));
  const problem = find(root, "[data-challenge-problem]");
  const queue = queueOn(root, live);
  /** @param {string} state */
  const turn = (state) => {
    queue.stop();
    if (state !== "queue") problem.hidden = state !== "problem";
    root.dataset.state = state;
    tell("statechange", { state });
  };
  return {
    working: () => turn("working"),
    solving: (count) => workOn(drawMarks(progress, count), live, texts, tell),
    queue(ms, moreMs) {
      turn("queue");
      queue.start(ms, moreMs);
    },
    asking(ms) {
      turn("asking");
      queue.wait(ms);
      return root;
    },
    ready() {
      turn("ready");
      live.last(texts.textReady ?? "");
      tell("verified");
    },
    problem(text, code) {
      live.last("");
      find(root, "[data-challenge-problem-text]").textContent = text;
      turn("problem");
      tell("error", { code });
    },
    idle(text = "", state = "idle") {
      live.last(text);
      turn(state);
    },
  };
}

/**
 * @param {(done: number) => void} ink
 * @param {import("./live.js").LiveRegion} live
 * @param {DOMStringMap} texts
 * @param {typeof announce} tell
 * @returns {Work}
 */
function workOn(ink, live, { textCount = "", textSlow }, tell) {
  let startedAt = performance.now();
  let sayAnyhow = false;
  let said = false;
  return {
    onProgress(done, count, engine) {
      if (done === count || performance.now() - startedAt > STILL_MS) ink(done);
      live.count(textCount.replace("{done}", `${done}`).replace("{count}", `${count}`));
      tell("progress", { done, count, engine });
      // A first guess may be a lucky one.
      if (said || done < Math.min(ENOUGH_TO_GUESS, count)) return;
      const total = ((performance.now() - startedAt) / done) * count;
      said = sayAnyhow || total > SLOW_MS;
      if (said) live.aside(aboutText(total, textSlow));
    },
    onSlow() {
      startedAt = performance.now();
      sayAnyhow = true;
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {string} selector
 */
function find(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {HTMLElement} */ (found);
}
