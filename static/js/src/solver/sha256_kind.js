/**
 * The `sha256` puzzle kind: the smallest nonce whose digest is at most the threshold.
 */

import { plainEngine } from "./sha256_plain.js";

/**
 * Some ten milliseconds: long enough to cost nothing, short enough that the engine swaps in
 * optimised code between two slices.
 */
const SLICE = 65536;

/** @type {import("./kinds.js").Kind} */
export const sha256Kind = {
  accepts: (puzzle) => /^[0-9a-f]{16}$/.test(puzzle.threshold),

  solve({ seed, index, threshold }) {
    const search = plainEngine.prepare(seed, index, BigInt(`0x${threshold}`));
    for (;;) {
      const nonce = search.run(SLICE);
      if (nonce !== undefined) return nonce;
    }
  },
};
