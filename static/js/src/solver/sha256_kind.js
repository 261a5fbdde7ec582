/**
 * The `sha256` puzzle kind: the smallest nonce whose digest is at most the threshold.
 */

import { plainEngine } from "./sha256_plain.js";

/** @type {import("./kinds.js").Kind} */
export const sha256Kind = {
  accepts: (puzzle) => /^[0-9a-f]{16}$/.test(puzzle.threshold),
  search: ({ seed, index, threshold }) =>
    plainEngine.prepare(seed, index, BigInt(`0x${threshold}`)),
};
