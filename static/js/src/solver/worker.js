/**
 * The worker's side of the pool: one task in, one answer out.
 */

import { kindNamed } from "./kinds.js";

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
    scope.postMessage({ index: task.index, answer: kindNamed(task.kind).solve(task) });
  };
}
