/**
 * The worker's side of the pool: one task in, one answer out.
 */

import { kindNamed } from "./kinds.js";

/**
 * Some ten milliseconds: long enough to cost nothing, short enough that the engine swaps in
 * optimised code between two slices.
 */
const SLICE = 65536;

/**
 * What a worker posts: the answer of one sub-puzzle. A failure is thrown, and reaches the pool as
 * the worker's `error` event.
 * @typedef {{ index: number, answer: number }} Solved
 */

/**
 * The part of a worker's global scope that is used here.
 * @typedef {object} Scope
 * @property {((event: { data: import("./kinds.js").Task }) => void) | null} onmessage
 * @property {(message: Solved) => void} postMessage
 */

/**
 * Answers every task that arrives on `scope`, one after the other.
 * @param {Scope} scope
 */
export function serve(scope) {
  scope.onmessage = ({ data: task }) => {
    scope.postMessage({ index: task.index, answer: answerTo(task) });
  };
}

/**
 * Blocks until the answer is found.
 * @param {import("./kinds.js").Task} task
 */
function answerTo(task) {
  const search = kindNamed(task.kind).search(task);
  for (;;) {
    const answer = search.run(SLICE);
    if (answer !== undefined) return answer;
  }
}
