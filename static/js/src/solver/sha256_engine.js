/**
 * What the engines of the `sha256` puzzle have in common: all but the loop that tries nonces.
 */

import { rounds, START } from "./sha256.js";

/**
 * One search for the smallest nonce of one sub-puzzle.
 * @typedef {object} Search
 * @property {(tries: number) => number | undefined} run Tries the next `tries` nonces, in order,
 *   and returns the first that is accepted; `undefined` when none of them is. The next call goes
 *   on where this one stopped. Throws a RangeError when no nonce up to 2^53 - 1 is left.
 */

/**
 * What an engine of the `sha256` puzzle promises. A nonce is accepted when the first 64 bits, big
 * endian, of SHA-256(seed || index u32 LE || nonce u64 LE) are at most `threshold`.
 * @typedef {object} Engine
 * @property {EngineName} name
 * @property {(seed: Uint8Array, index: number, threshold: bigint, from?: number) => Search} prepare
 *   `seed` is 32 bytes, `index` a u32, `threshold` a u64, `from` the first nonce (default 0).
 */

/** @typedef {"simd" | "wasm" | "plain"} EngineName */

/**
 * Tries `count` nonces whose low words start at `start` and share one high word; returns the
 * offset of the first accepted one, or -1. `state` is that after the rounds that do not see the
 * nonce; `words` are those of the block, the low nonce word excepted; `high` and `low` are the
 * halves of the threshold.
 * @typedef {(state: Int32Array, words: Int32Array, start: number, count: number, high: number,
 *   low: number) => number} Scan
 */

const FIRST_NONCE_WORD = 9;
const BLOCK_BITS = 44 * 8;
const WORD = 2 ** 32;

/** @param {number} x */
export const swap = (x) => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);

/**
 * @param {EngineName} name
 * @param {Scan} scan
 * @returns {Engine}
 */
export function engineOf(name, scan) {
  return {
    name,
    prepare(seed, index, threshold, from = 0) {
      const words = blockWords(seed, index);
      // Words 0..8 hold seed and index: these rounds are the same for every nonce.
      const state = rounds(START, words, 0, FIRST_NONCE_WORD);
      const high = Number(threshold >> 32n);
      const low = Number(threshold & 0xffffffffn);
      let next = from;

      /** @param {number} tries */
      function run(tries) {
        const end = Math.min(next + tries, Number.MAX_SAFE_INTEGER + 1);
        if (next >= end) throw new RangeError("no nonce left");
        while (next < end) {
          const stretch = Math.min(end - next, WORD - (next % WORD));
          words[10] = swap(Math.floor(next / WORD));
          const offset = scan(state, words, next | 0, stretch, high, low);
          if (offset >= 0) {
            next += offset + 1;
            return next - 1;
          }
          next += stretch;
        }
        return undefined;
      }
      return { run };
    },
  };
}

/**
 * @param {Uint8Array} seed
 * @param {number} index
 */
function blockWords(seed, index) {
  const words = new Int32Array(16);
  const view = new DataView(seed.buffer, seed.byteOffset, 32);
  for (let i = 0; i < 8; i++) words[i] = view.getInt32(4 * i);
  words[8] = swap(index);
  words[11] = 0x80000000;
  words[15] = BLOCK_BITS;
  return words;
}
