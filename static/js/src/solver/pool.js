/**
 * Solves the sub-puzzles of a challenge in parallel Web Workers.
 */

import { ChallengeError } from "../errors.js";
import { challengeSeed } from "./canonical.js";
import { checkPuzzle } from "./kinds.js";

const MOST_WORKERS = 4;

/**
 * @typedef {object} SolveOptions
 * @property {(done: number, count: number) => void} [onProgress] after each solved sub-puzzle
 * @property {AbortSignal} [signal]
 * @property {number} [workers] at most, default 4
 * @property {typeof Worker} [WorkerClass] for tests
 */

/**
 * The answers to `puzzle`, in index order. Every worker is gone when the promise settles. Rejects
 * with a ChallengeError (`unknown_kind`, `bad_puzzle`, `worker_failed`), or with the signal's
 * reason when it aborts.
 * @param {string} scriptUrl a script that calls `serve` when it runs in a worker
 * @param {string} challenge the challenge JWS
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {SolveOptions} [options]
 * @returns {Promise<number[]>}
 */
export async function solve(scriptUrl, challenge, puzzle, options = {}) {
  const { onProgress, signal, workers: most, WorkerClass = globalThis.Worker } = options;
  checkPuzzle(puzzle);
  if (signal?.aborted) throw signal.reason;
  /** @type {Worker[]} */
  const workers = [];
  /** @type {(() => void) | undefined} */
  let onAbort;
  try {
    return await new Promise((resolve, reject) => {
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
      const queue = taskQueue(challengeSeed(challenge), puzzle, resolve, onProgress);
      for (let i = poolSize(puzzle.count, most); i > 0; i--) {
        workers.push(startWorker(WorkerClass, scriptUrl, queue, reject));
      }
    });
  } finally {
    if (onAbort) signal?.removeEventListener("abort", onAbort);
    for (const worker of workers) worker.terminate();
  }
}

/**
 * @param {number} count of sub-puzzles
 * @param {number} [most] workers
 */
function poolSize(count, most = MOST_WORKERS) {
  const cores = Math.max(1, globalThis.navigator?.hardwareConcurrency || 2);
  return Math.min(most, cores, count);
}

/**
 * @typedef {object} TaskQueue
 * @property {() => import("./kinds.js").Task | undefined} next the task to hand out next
 * @property {(solved: import("./worker.js").Solved) => void} solved
 */

/**
 * @param {Uint8Array} seed
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {(answers: number[]) => void} finish
 * @param {SolveOptions["onProgress"]} onProgress
 * @returns {TaskQueue}
 */
function taskQueue(seed, { kind, count, threshold }, finish, onProgress) {
  /** @type {number[]} */
  const answers = new Array(count);
  let handedOut = 0;
  let done = 0;
  return {
    next: () => (handedOut < count ? { kind, seed, index: handedOut++, threshold } : undefined),
    solved({ index, answer }) {
      answers[index] = answer;
      done++;
      onProgress?.(done, count);
      if (done === count) finish(answers);
    },
  };
}

/**
 * @param {typeof Worker} WorkerClass
 * @param {string} scriptUrl
 * @param {TaskQueue} queue
 * @param {(error: ChallengeError) => void} fail
 */
function startWorker(WorkerClass, scriptUrl, queue, fail) {
  /** @param {unknown} cause */
  const failed = (cause) => fail(new ChallengeError("worker_failed", { cause }));
  const worker = makeWorker(WorkerClass, scriptUrl);
  const feed = () => {
    const task = queue.next();
    if (task) worker.postMessage(task);
  };
  worker.onmessage = ({ data }) => {
    queue.solved(data);
    feed();
  };
  worker.onerror = failed;
  worker.onmessageerror = failed;
  feed();
  return worker;
}

/**
 * @param {typeof Worker} WorkerClass
 * @param {string} scriptUrl
 */
function makeWorker(WorkerClass, scriptUrl) {
  try {
    return new WorkerClass(scriptUrl);
  } catch (cause) {
    throw new ChallengeError("worker_failed", { cause });
  }
}
