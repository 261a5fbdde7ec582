/**
 * Solves on the page's own thread, in slices so short that the page stays responsive: for browsers
 * without workers and sites whose policy forbids them.
 */

import { ChallengeError } from "../errors.js";
import { challengeSeed } from "./canonical.js";
import { startEngine } from "./engines.js";
import { checkPuzzle, kindNamed } from "./kinds.js";
import { expectedMs, speedometer } from "./speed.js";
import { nextTask } from "./turns.js";

/** Slices end after 12 ms at the latest; aiming lower leaves room for a device that slows down. */
const SLICE_MS = 8;

const FEWEST_TRIES = 64;

/** A browser that resists fingerprinting shows the time no finer. */
const COARSEST_CLOCK_MS = 100;

/**
 * What `solve` of the pool promises, but slower.
 * @param {import("./engines.js").Found} found
 * @param {string} challenge the challenge JWS
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {Pick<import("./pool.js").SolveOptions, "onProgress" | "signal" | "patienceMs">} options
 * @param {() => number} [now] for tests
 * @returns {Promise<number[]>}
 */
export async function solveInSlices(found, challenge, puzzle, options, now = clock) {
  const { onProgress, signal, patienceMs = Infinity } = options;
  checkPuzzle(puzzle);
  const engine = await startEngine(found);
  const { kind, count, threshold } = puzzle;
  const seed = challengeSeed(challenge);
  const pace = pacemaker(now, (speed) => {
    const estimateMs = expectedMs(puzzle, speed);
    if (estimateMs > patienceMs) throw new ChallengeError("too_slow", { estimateMs });
  });
  /** @type {number[]} */
  const answers = [];
  while (answers.length < count) {
    const search = kindNamed(kind).search({ kind, seed, index: answers.length, threshold }, engine);
    /** @type {number | undefined} */
    let answer;
    while (answer === undefined) {
      await nextTask();
      if (signal?.aborted) throw signal.reason;
      answer = pace((tries) => search.run(tries));
    }
    answers.push(answer);
    onProgress?.(answers.length, count, engine.name);
  }
  return answers;
}

const clock = () => performance.now();

/**
 * Runs one slice after the other, each as long as the ones before it say.
 * @param {() => number} now
 * @param {(speed: number) => void} onSpeed
 */
function pacemaker(now, onSpeed) {
  let tries = FEWEST_TRIES;
  let triesDone = 0;
  let spentMs = 0;
  const measure = speedometer(onSpeed);
  /** @param {(tries: number) => number | undefined} slice */
  return (slice) => {
    const startedAt = now();
    const answer = slice(tries);
    // An answer comes before the slice is full: only full slices tell the pace.
    if (answer === undefined) {
      const ms = now() - startedAt;
      spentMs += ms;
      triesDone += tries;
      measure(tries, ms);
      const fitting = (SLICE_MS * triesDone) / (spentMs + COARSEST_CLOCK_MS);
      tries = Math.max(FEWEST_TRIES, Math.floor(fitting));
    }
    return answer;
  };
}
