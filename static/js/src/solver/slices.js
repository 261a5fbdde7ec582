/**
 * Solves on the page's own thread, in slices so short that the page stays responsive: for browsers
 * without workers and sites whose policy forbids them.
 */

import { challengeSeed } from "./canonical.js";
import { checkPuzzle, kindNamed } from "./kinds.js";

/** Slices end after 12 ms at the latest; aiming lower leaves room for a device that slows down. */
const SLICE_MS = 8;

const FEWEST_TRIES = 64;

/** A browser that resists fingerprinting shows the time no finer. */
const COARSEST_CLOCK_MS = 100;

/**
 * What `solve` of the pool promises, but slower.
 * @param {string} challenge the challenge JWS
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {Pick<import("./pool.js").SolveOptions, "onProgress" | "signal">} options
 * @param {() => number} [now] for tests
 * @returns {Promise<number[]>}
 */
export async function solveInSlices(challenge, puzzle, { onProgress, signal }, now = clock) {
  checkPuzzle(puzzle);
  const { kind, count, threshold } = puzzle;
  const seed = challengeSeed(challenge);
  const pace = pacemaker(now);
  /** @type {number[]} */
  const answers = [];
  while (answers.length < count) {
    const search = kindNamed(kind).search({ kind, seed, index: answers.length, threshold });
    /** @type {number | undefined} */
    let answer;
    while (answer === undefined) {
      await nextTask();
      if (signal?.aborted) throw signal.reason;
      answer = pace((tries) => search.run(tries));
    }
    answers.push(answer);
    onProgress?.(answers.length, count);
  }
  return answers;
}

const clock = () => performance.now();

/**
 * Runs one slice after the other, each as long as the ones before it say.
 * @param {() => number} now
 */
function pacemaker(now) {
  let tries = FEWEST_TRIES;
  let triesDone = 0;
  let spentMs = 0;
  /** @param {(tries: number) => number | undefined} slice */
  return (slice) => {
    const startedAt = now();
    const answer = slice(tries);
    // An answer comes before the slice is full: only full slices tell the pace.
    if (answer === undefined) {
      spentMs += now() - startedAt;
      triesDone += tries;
      const fitting = (SLICE_MS * triesDone) / (spentMs + COARSEST_CLOCK_MS);
      tries = Math.max(FEWEST_TRIES, Math.floor(fitting));
    }
    return answer;
  };
}

/** Lets the page's other work go first. Timers would do too, but hidden pages get one a second. */
function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(0);
  });
}
