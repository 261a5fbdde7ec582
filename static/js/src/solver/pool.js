/**
 * Solves the sub-puzzles of a challenge in parallel Web Workers.
 */

import { ChallengeError } from "../errors.js";
import { challengeSeed } from "./canonical.js";
import { checkPuzzle } from "./kinds.js";
import { expectedMs } from "./speed.js";

const MOST_WORKERS = 4;

/** On a device with as many cores or gigabytes, the rest is left to its owner. */
const SMALL = 4;
const MOST_WORKERS_SMALL = 2;

/** Tasks that a worker holds: while the page draws its answer, it goes on with the next. */
const HELD = 2;

/**
 * Workers that wait for their first puzzle.
 * @type {Worker[]}
 */
let waiting = [];

/**
 * Starts the workers that the next puzzle will need: what they load is loaded meanwhile. Returns a
 * function that ends those which are not needed any more.
 * @param {string} scriptUrl
 * @param {typeof Worker} [WorkerClass] for tests
 */
export function startWorkers(scriptUrl, WorkerClass = globalThis.Worker) {
  const dismiss = () => {
    for (const worker of waiting) worker.terminate();
    waiting = [];
  };
  try {
    while (waiting.length < poolSize(Infinity)) {
      const worker = new WorkerClass(scriptUrl);
      // One that fails now would fail unheard: the pool shall make its own, and see it fail.
      worker.onerror = dismiss;
      waiting.push(worker);
    }
  } catch {
    dismiss();
  }
  return dismiss;
}

/**
 * @typedef {object} SolveOptions
 * @property {(done: number, count: number, engine: string) => void} [onProgress] after each solved
 *   sub-puzzle
 * @property {(seen: string) => void} [onSeen] what each worker sees of the browser
 * @property {AbortSignal} [signal]
 * @property {number} [patienceMs] gives up when it will take longer
 * @property {number} [workers] at most, default 4
 * @property {typeof Worker} [WorkerClass] for tests
 * @property {Shown} [page] for tests
 */

/**
 * A document, as far as it is asked whether somebody sees it.
 * @typedef {Pick<Document, "hidden" | "addEventListener" | "removeEventListener">} Shown
 */

/**
 * The answers to `puzzle`, in index order. Every worker is gone when the promise settles. While
 * the page is hidden one worker goes on, half the time. Rejects with a ChallengeError
 * (`unknown_kind`, `bad_puzzle`, `worker_failed`, `too_slow`), or with the signal's reason when it
 * aborts.
 * @param {string} scriptUrl a script that calls `serve` when it runs in a worker
 * @param {import("./engines.js").Found} engine
 * @param {string} challenge the challenge JWS
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {SolveOptions} [options]
 * @returns {Promise<number[]>}
 */
export async function solve(scriptUrl, engine, challenge, puzzle, options = {}) {
  const { onProgress, signal, patienceMs = Infinity, page = document } = options;
  checkPuzzle(puzzle);
  if (signal?.aborted) throw signal.reason;
  const size = poolSize(puzzle.count, options.workers);
  /** @type {Crew} */
  const crew = [];
  /** @type {(() => void) | undefined} */
  let onAbort;
  const onTurn = () => turn(crew, page.hidden);
  try {
    return await new Promise((resolve, reject) => {
      onAbort = () => reject(signal?.reason);
      signal?.addEventListener("abort", onAbort);
      const tell = (/** @type {number} */ done) => onProgress?.(done, puzzle.count, engine.name);
      const queue = taskQueue(challengeSeed(challenge), puzzle, resolve, tell);
      const onSpeed = (/** @type {number} */ speed) => {
        const estimateMs = expectedMs(puzzle, speed * size);
        if (estimateMs > patienceMs) reject(new ChallengeError("too_slow", { estimateMs }));
      };
      const { WorkerClass = globalThis.Worker } = options;
      while (crew.length < size) {
        const worker = waiting.pop() ?? makeWorker(WorkerClass, scriptUrl);
        crew.push(member(worker, engine, queue, { onSpeed, onSeen: options.onSeen }, reject));
      }
      page.addEventListener("visibilitychange", onTurn);
      onTurn();
    });
  } finally {
    page.removeEventListener("visibilitychange", onTurn);
    if (onAbort) signal?.removeEventListener("abort", onAbort);
    for (const { worker } of crew) worker.terminate();
  }
}

/**
 * @param {number} count of sub-puzzles
 * @param {number} [most] workers
 */
function poolSize(count, most = MOST_WORKERS) {
  const device = /** @type {Navigator & { deviceMemory?: number } | undefined} */ (
    globalThis.navigator
  );
  const cores = Math.max(1, device?.hardwareConcurrency || 2);
  const small = cores <= SMALL || (device?.deviceMemory ?? Infinity) <= SMALL;
  return Math.min(most, cores, count, small ? MOST_WORKERS_SMALL : MOST_WORKERS);
}

/**
 * @typedef {object} TaskQueue
 * @property {() => import("./kinds.js").Task | undefined} next the task to hand out next
 * @property {(index: number, answer: number) => void} solved
 */

/**
 * @param {Uint8Array} seed
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {(answers: number[]) => void} finish
 * @param {(done: number) => void} tell
 * @returns {TaskQueue}
 */
function taskQueue(seed, { kind, count, threshold }, finish, tell) {
  /** @type {number[]} */
  const answers = new Array(count);
  let handedOut = 0;
  let done = 0;
  return {
    next: () => (handedOut < count ? { kind, seed, index: handedOut++, threshold } : undefined),
    solved(index, answer) {
      answers[index] = answer;
      done++;
      tell(done);
      if (done === count) finish(answers);
    },
  };
}

/**
 * A worker, whether it works on when nobody looks, and how it is given its next task.
 * @typedef {{ worker: Worker, feed: (mayTake: boolean) => void }[]} Crew
 */

/**
 * @param {Worker} worker
 * @param {import("./engines.js").Found} engine
 * @param {TaskQueue} queue
 * @param {{ onSpeed: (speed: number) => void, onSeen?: (seen: string) => void }} hear
 * @param {(error: ChallengeError) => void} fail
 */
function member(worker, engine, queue, { onSpeed, onSeen }, fail) {
  let held = 0;
  let mayTake = false;
  /** @param {unknown} cause */
  const failed = (cause) => fail(new ChallengeError("worker_failed", { cause }));
  const feed = () => {
    for (let task; mayTake && held < HELD; held++) {
      task = queue.next();
      if (!task) return;
      worker.postMessage({ task });
    }
  };
  worker.onmessage = ({ data }) => {
    /** @type {import("./worker.js").News} */
    const { solved, speed, seen, failed: cause } = data;
    if (cause !== undefined) failed(cause);
    if (speed !== undefined) onSpeed(speed);
    if (seen !== undefined) onSeen?.(seen);
    if (!solved) return;
    held--;
    queue.solved(solved.index, solved.answer);
    feed();
  };
  worker.onerror = failed;
  worker.onmessageerror = failed;
  worker.postMessage({ engine });
  return {
    worker,
    feed: (/** @type {boolean} */ now) => {
      mayTake = now;
      feed();
    },
  };
}

/**
 * Everybody works while somebody looks; else one, and with rests.
 * @param {Crew} crew
 * @param {boolean} hidden
 */
function turn(crew, hidden) {
  crew.forEach(({ worker, feed }, i) => {
    worker.postMessage({ resting: hidden });
    feed(!hidden || i === 0);
  });
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
