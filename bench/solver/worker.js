/**
 * Runs one solver for a time, and counts its hashes.
 *
 * A solver is `make`, which returns (a promise of) a function that hashes for at least `ms`
 * milliseconds and returns (a promise of) how often it did.
 */

import { engines, solve } from "./ours.js";
import { peers } from "./peers.js";
import { webcrypto } from "./webcrypto.js";

const SOLVERS = { ...engines, ...peers, ...webcrypto };

let name;
let hashFor;

async function timed(ms) {
  const started = performance.now();
  const hashes = await hashFor(ms);
  return { hashes, ms: performance.now() - started };
}

async function answer(request) {
  if (request.solve) return request.solve.map((puzzle) => solve(name, puzzle));
  if (request.run) return timed(request.run);
  if (!request.start) return Object.keys(SOLVERS);
  name = request.start;
  hashFor = await SOLVERS[name]();
  return timed(request.warmMs);
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
