/**
 * The registry of puzzle kinds. A kind is added by its own file and one line in `KINDS`.
 */

import { ChallengeError } from "../errors.js";
import { sha256Kind } from "./sha256_kind.js";

/**
 * The puzzle as the server sends it. A kind may read further members.
 * @typedef {{ kind: string, count: number, threshold: string }} Puzzle
 */

/**
 * One sub-puzzle, as it travels from the page to a worker.
 * @typedef {{ kind: string, seed: Uint8Array, index: number, threshold: string }} Task
 */

/**
 * @typedef {object} Kind
 * @property {(puzzle: Puzzle) => boolean} accepts whether the puzzle is well formed; asked in the
 *   page, before any worker is made
 * @property {(task: Task, engine: import("./sha256_engine.js").Engine) => Search} search
 */

/**
 * The work of one sub-puzzle: each `run` does a part of it, as long as `tries` says, until one
 * returns the answer.
 * @typedef {{ run: (tries: number) => number | undefined }} Search
 */

/** @type {Map<string, Kind>} */
const KINDS = new Map([["sha256", sha256Kind]]);

const MOST_SUB_PUZZLES = 256;

/**
 * The kind of that name. Throws a ChallengeError `unknown_kind`.
 * @param {string} name
 */
export function kindNamed(name) {
  const kind = KINDS.get(name);
  if (!kind) throw new ChallengeError("unknown_kind");
  return kind;
}

/**
 * Throws a ChallengeError `unknown_kind` or `bad_puzzle` unless this page can solve the puzzle.
 * @param {Puzzle} puzzle
 */
export function checkPuzzle(puzzle) {
  const kind = kindNamed(puzzle.kind);
  const counted = Number.isInteger(puzzle.count) && puzzle.count > 0;
  if (!counted || puzzle.count > MOST_SUB_PUZZLES || !kind.accepts(puzzle)) {
    throw new ChallengeError("bad_puzzle");
  }
}
