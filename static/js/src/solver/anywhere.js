/**
 * Solves with workers, or without where there are none to be had.
 */

import { ChallengeError } from "../errors.js";
import { unlessAborted } from "../page.js";
import { findEngine } from "./engines.js";
import { solve } from "./pool.js";
import { solveInSlices } from "./slices.js";

/**
 * What `solve` of the pool promises, with the fastest engine of this browser, but that broken or
 * forbidden workers only make it slower.
 * @param {string} scriptUrl
 * @param {string} challenge
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {import("./pool.js").SolveOptions & { onSlow?: () => void }} options `onSlow` is called
 *   when it has to go on without workers
 * @returns {Promise<number[]>}
 */
export async function solveAnywhere(scriptUrl, challenge, puzzle, options) {
  const engine = await unlessAborted(findEngine(scriptUrl), options.signal);
  try {
    return await solve(scriptUrl, engine, challenge, puzzle, options);
  } catch (error) {
    if (!(error instanceof ChallengeError) || error.code !== "worker_failed") throw error;
    options.onSlow?.();
    return solveInSlices(engine, challenge, puzzle, options);
  }
}
