/**
 * Runs one solver for a time, and counts its hashes.
 *
 * A solver is a function that returns (a promise of) another, which hashes for at least `ms`
 * milliseconds and returns (a promise of) how often it did.
 */

import { engines, solve } from "./ours.js";
import { peers } from "./peers.js";
import { webcrypto } from "./webcrypto.js";

const SOLVERS = { ...engines, ...peers, ...webcrypto };

/** @type {((ms: number) => number | Promise<number>) | undefined} */
let hashFor;

async function answer({ name, run, solve: puzzles }) {
  if (puzzles) {
    const waits = [];
    for (const puzzle of puzzles) waits.push(await solve(name, puzzle));
    return waits;
  }
  if (!run) return { ours: Object.keys(engines), all: Object.keys(SOLVERS) };
  hashFor ??= await SOLVERS[name]();
  const started = performance.now();
  const hashes = await hashFor(run);
  return { hashes, ms: performance.now() - started };
}

self.onmessage = async ({ data }) => {
  try {
    self.postMessage(await answer(data));
  } catch (error) {
    // A rejected promise does not reach the page's `onerror` by itself.
    setTimeout(() => {
      throw error;
    });
  }
};
