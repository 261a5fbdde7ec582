/**
 * The `sha256` puzzle kind: the smallest nonce whose digest is at most the threshold.
 */

/** @type {import("./kinds.js").Kind} */
export const sha256Kind = {
  accepts: (puzzle) => /^[0-9a-f]{16}$/.test(puzzle.threshold),
  search: ({ seed, index, threshold }, engine) =>
    engine.prepare(seed, index, BigInt(`0x${threshold}`)),
};
