/**
 * The worker's side of the pool: one task in, one answer out.
 */

import { seenBy } from "../signals/seen.js";
import { startEngine } from "./engines.js";
import { kindNamed } from "./kinds.js";
import { speedometer } from "./speed.js";
import { nextTask, sleep } from "./turns.js";

/** So few tries that the engine swaps in optimised code soon, which it does between two calls. */
const SLICE = 4096;

/** Long enough to cost nothing, short enough that a message is read soon. */
const TURN_MS = 12;

/**
 * What the page posts: first the engine, later tasks, and whether to rest between slices.
 * @typedef {object} Order
 * @property {import("./engines.js").Found} [engine]
 * @property {import("./kinds.js").Task} [task]
 * @property {boolean} [resting]
 */

/**
 * What a worker posts: the answer of one sub-puzzle, its speed in tries a millisecond when it is
 * known, or why it can't go on.
 * @typedef {object} News
 * @property {{ index: number, answer: number }} [solved]
 * @property {number} [speed]
 * @property {string} [failed]
 * @property {string} [seen] what it sees of the browser, once it is told what to run
 */

/**
 * The part of a worker's global scope that is used here.
 * @typedef {object} Scope
 * @property {((event: { data: Order }) => void) | null} onmessage
 * @property {(news: News) => void} postMessage
 */

/**
 * Answers every task that arrives on `scope`, one after the other: the next may come early.
 * @param {Scope} scope
 */
export function serve(scope) {
  /** @type {ReturnType<typeof startEngine> | undefined} */
  let engine;
  let resting = false;
  const measure = speedometer((speed) => scope.postMessage({ speed }));

  /** @param {import("./kinds.js").Search} search */
  async function answerOf(search) {
    for (;;) {
      const startedAt = performance.now();
      let ms = 0;
      for (let tries = SLICE; ms < TURN_MS; tries += SLICE) {
        const answer = search.run(SLICE);
        if (answer !== undefined) return answer;
        ms = performance.now() - startedAt;
        if (ms >= TURN_MS) measure(tries, ms);
      }
      await (resting ? sleep(ms) : nextTask());
    }
  }

  /** @param {Order} order */
  async function follow({ engine: found, task }) {
    try {
      if (found) {
        engine = startEngine(found);
        scope.postMessage({ seen: seenBy(navigator) });
      }
      const ready = await engine;
      if (!task || !ready) return;
      const answer = await answerOf(kindNamed(task.kind).search(task, ready));
      scope.postMessage({ solved: { index: task.index, answer } });
    } catch (error) {
      scope.postMessage({ failed: `${error}` });
    }
  }

  let done = Promise.resolve();
  scope.onmessage = ({ data }) => {
    // At once, also in the midst of a task.
    resting = data.resting ?? resting;
    done = done.then(() => follow(data));
  };
}
