/**
 * The plain JavaScript engine of the `sha256` puzzle: the floor under every faster engine, so it
 * must run anywhere and answer with exactly the nonces that they find.
 */

import { K, rounds, START } from "./sha256.js";

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
 * @property {string} name
 * @property {(seed: Uint8Array, index: number, threshold: bigint, from?: number) => Search} prepare
 *   `seed` is 32 bytes, `index` a u32, `threshold` a u64, `from` the first nonce (default 0).
 */

const FIRST_NONCE_WORD = 9;
const BLOCK_BITS = 44 * 8;
const WORD = 2 ** 32;

/** @param {number} x */
const swap = (x) => (x << 24) | ((x & 0xff00) << 8) | ((x >>> 8) & 0xff00) | (x >>> 24);

/** @type {Engine} */
export const plainEngine = {
  name: "plain",
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

/**
 * Tries `count` nonces whose low words start at `start` and share one high word; returns the
 * offset of the first accepted one, or -1. Written out by hand for speed: V8 (Node 20) stops
 * inlining in a body of this size, which costs two thirds; so does a schedule of 64 words in an
 * array; and words taken by destructuring arrive boxed, which costs half. The first seven rounds
 * name their variables one place on, so that the loop of sixteen meets them in order.
 * @param {Int32Array} state after the rounds that do not see the nonce
 * @param {Int32Array} words of the block, the low nonce word excepted
 * @param {number} start
 * @param {number} count
 * @param {number} high upper half of the threshold
 * @param {number} low lower half of the threshold
 */
// biome-ignore format: aligned rounds show the pattern, and a slip in it
function scan(state, words, start, count, high, low) {
  const w0s=words[0], w1s=words[1], w2s=words[2], w3s=words[3], w4s=words[4], w5s=words[5];
  const w6s=words[6], w7s=words[7], w8s=words[8], w10s=words[10], w11s=words[11], w15s=words[15];
  const as=state[0], bs=state[1], cs=state[2], ds=state[3];
  const es=state[4], fs=state[5], gs=state[6], hs=state[7];
  for (let offset = 0; offset < count; offset++) {
    const nonce = (start + offset) | 0;
    let w0=w0s, w1=w1s, w2=w2s, w3=w3s, w4=w4s, w5=w5s, w6=w6s, w7=w7s, w8=w8s, w9=swap(nonce);
    let w10=w10s, w11=w11s, w12=0, w13=0, w14=0, w15=w15s;
    let h=as, a=bs, b=cs, c=ds, d=es, e=fs, f=gs, g=hs, t=0;
    t=(g+((d>>>6|d<<26)^(d>>>11|d<<21)^(d>>>25|d<<7))+(f^d&(e^f))+K[9]+w9)|0;
    c=(c+t)|0; g=(t+((h>>>2|h<<30)^(h>>>13|h<<19)^(h>>>22|h<<10))+(h&a|b&(h|a)))|0;
    t=(f+((c>>>6|c<<26)^(c>>>11|c<<21)^(c>>>25|c<<7))+(e^c&(d^e))+K[10]+w10)|0;
    b=(b+t)|0; f=(t+((g>>>2|g<<30)^(g>>>13|g<<19)^(g>>>22|g<<10))+(g&h|a&(g|h)))|0;
    t=(e+((b>>>6|b<<26)^(b>>>11|b<<21)^(b>>>25|b<<7))+(d^b&(c^d))+K[11]+w11)|0;
    a=(a+t)|0; e=(t+((f>>>2|f<<30)^(f>>>13|f<<19)^(f>>>22|f<<10))+(f&g|h&(f|g)))|0;
    t=(d+((a>>>6|a<<26)^(a>>>11|a<<21)^(a>>>25|a<<7))+(c^a&(b^c))+K[12]+w12)|0;
    h=(h+t)|0; d=(t+((e>>>2|e<<30)^(e>>>13|e<<19)^(e>>>22|e<<10))+(e&f|g&(e|f)))|0;
    t=(c+((h>>>6|h<<26)^(h>>>11|h<<21)^(h>>>25|h<<7))+(b^h&(a^b))+K[13]+w13)|0;
    g=(g+t)|0; c=(t+((d>>>2|d<<30)^(d>>>13|d<<19)^(d>>>22|d<<10))+(d&e|f&(d|e)))|0;
    t=(b+((g>>>6|g<<26)^(g>>>11|g<<21)^(g>>>25|g<<7))+(a^g&(h^a))+K[14]+w14)|0;
    f=(f+t)|0; b=(t+((c>>>2|c<<30)^(c>>>13|c<<19)^(c>>>22|c<<10))+(c&d|e&(c|d)))|0;
    t=(a+((f>>>6|f<<26)^(f>>>11|f<<21)^(f>>>25|f<<7))+(h^f&(g^h))+K[15]+w15)|0;
    e=(e+t)|0; a=(t+((b>>>2|b<<30)^(b>>>13|b<<19)^(b>>>22|b<<10))+(b&c|d&(b|c)))|0;
    for (let i = 16; i < 64; i += 16) {
      w0=(w0+w9+((w1>>>7|w1<<25)^(w1>>>18|w1<<14)^w1>>>3)+((w14>>>17|w14<<15)^(w14>>>19|w14<<13)^w14>>>10))|0;
      t=(h+((e>>>6|e<<26)^(e>>>11|e<<21)^(e>>>25|e<<7))+(g^e&(f^g))+K[i]+w0)|0;
      d=(d+t)|0; h=(t+((a>>>2|a<<30)^(a>>>13|a<<19)^(a>>>22|a<<10))+(a&b|c&(a|b)))|0;
      w1=(w1+w10+((w2>>>7|w2<<25)^(w2>>>18|w2<<14)^w2>>>3)+((w15>>>17|w15<<15)^(w15>>>19|w15<<13)^w15>>>10))|0;
      t=(g+((d>>>6|d<<26)^(d>>>11|d<<21)^(d>>>25|d<<7))+(f^d&(e^f))+K[i+1]+w1)|0;
      c=(c+t)|0; g=(t+((h>>>2|h<<30)^(h>>>13|h<<19)^(h>>>22|h<<10))+(h&a|b&(h|a)))|0;
      w2=(w2+w11+((w3>>>7|w3<<25)^(w3>>>18|w3<<14)^w3>>>3)+((w0>>>17|w0<<15)^(w0>>>19|w0<<13)^w0>>>10))|0;
      t=(f+((c>>>6|c<<26)^(c>>>11|c<<21)^(c>>>25|c<<7))+(e^c&(d^e))+K[i+2]+w2)|0;
      b=(b+t)|0; f=(t+((g>>>2|g<<30)^(g>>>13|g<<19)^(g>>>22|g<<10))+(g&h|a&(g|h)))|0;
      w3=(w3+w12+((w4>>>7|w4<<25)^(w4>>>18|w4<<14)^w4>>>3)+((w1>>>17|w1<<15)^(w1>>>19|w1<<13)^w1>>>10))|0;
      t=(e+((b>>>6|b<<26)^(b>>>11|b<<21)^(b>>>25|b<<7))+(d^b&(c^d))+K[i+3]+w3)|0;
      a=(a+t)|0; e=(t+((f>>>2|f<<30)^(f>>>13|f<<19)^(f>>>22|f<<10))+(f&g|h&(f|g)))|0;
      w4=(w4+w13+((w5>>>7|w5<<25)^(w5>>>18|w5<<14)^w5>>>3)+((w2>>>17|w2<<15)^(w2>>>19|w2<<13)^w2>>>10))|0;
      t=(d+((a>>>6|a<<26)^(a>>>11|a<<21)^(a>>>25|a<<7))+(c^a&(b^c))+K[i+4]+w4)|0;
      h=(h+t)|0; d=(t+((e>>>2|e<<30)^(e>>>13|e<<19)^(e>>>22|e<<10))+(e&f|g&(e|f)))|0;
      w5=(w5+w14+((w6>>>7|w6<<25)^(w6>>>18|w6<<14)^w6>>>3)+((w3>>>17|w3<<15)^(w3>>>19|w3<<13)^w3>>>10))|0;
      t=(c+((h>>>6|h<<26)^(h>>>11|h<<21)^(h>>>25|h<<7))+(b^h&(a^b))+K[i+5]+w5)|0;
      g=(g+t)|0; c=(t+((d>>>2|d<<30)^(d>>>13|d<<19)^(d>>>22|d<<10))+(d&e|f&(d|e)))|0;
      w6=(w6+w15+((w7>>>7|w7<<25)^(w7>>>18|w7<<14)^w7>>>3)+((w4>>>17|w4<<15)^(w4>>>19|w4<<13)^w4>>>10))|0;
      t=(b+((g>>>6|g<<26)^(g>>>11|g<<21)^(g>>>25|g<<7))+(a^g&(h^a))+K[i+6]+w6)|0;
      f=(f+t)|0; b=(t+((c>>>2|c<<30)^(c>>>13|c<<19)^(c>>>22|c<<10))+(c&d|e&(c|d)))|0;
      w7=(w7+w0+((w8>>>7|w8<<25)^(w8>>>18|w8<<14)^w8>>>3)+((w5>>>17|w5<<15)^(w5>>>19|w5<<13)^w5>>>10))|0;
      t=(a+((f>>>6|f<<26)^(f>>>11|f<<21)^(f>>>25|f<<7))+(h^f&(g^h))+K[i+7]+w7)|0;
      e=(e+t)|0; a=(t+((b>>>2|b<<30)^(b>>>13|b<<19)^(b>>>22|b<<10))+(b&c|d&(b|c)))|0;
      w8=(w8+w1+((w9>>>7|w9<<25)^(w9>>>18|w9<<14)^w9>>>3)+((w6>>>17|w6<<15)^(w6>>>19|w6<<13)^w6>>>10))|0;
      t=(h+((e>>>6|e<<26)^(e>>>11|e<<21)^(e>>>25|e<<7))+(g^e&(f^g))+K[i+8]+w8)|0;
      d=(d+t)|0; h=(t+((a>>>2|a<<30)^(a>>>13|a<<19)^(a>>>22|a<<10))+(a&b|c&(a|b)))|0;
      w9=(w9+w2+((w10>>>7|w10<<25)^(w10>>>18|w10<<14)^w10>>>3)+((w7>>>17|w7<<15)^(w7>>>19|w7<<13)^w7>>>10))|0;
      t=(g+((d>>>6|d<<26)^(d>>>11|d<<21)^(d>>>25|d<<7))+(f^d&(e^f))+K[i+9]+w9)|0;
      c=(c+t)|0; g=(t+((h>>>2|h<<30)^(h>>>13|h<<19)^(h>>>22|h<<10))+(h&a|b&(h|a)))|0;
      w10=(w10+w3+((w11>>>7|w11<<25)^(w11>>>18|w11<<14)^w11>>>3)+((w8>>>17|w8<<15)^(w8>>>19|w8<<13)^w8>>>10))|0;
      t=(f+((c>>>6|c<<26)^(c>>>11|c<<21)^(c>>>25|c<<7))+(e^c&(d^e))+K[i+10]+w10)|0;
      b=(b+t)|0; f=(t+((g>>>2|g<<30)^(g>>>13|g<<19)^(g>>>22|g<<10))+(g&h|a&(g|h)))|0;
      w11=(w11+w4+((w12>>>7|w12<<25)^(w12>>>18|w12<<14)^w12>>>3)+((w9>>>17|w9<<15)^(w9>>>19|w9<<13)^w9>>>10))|0;
      t=(e+((b>>>6|b<<26)^(b>>>11|b<<21)^(b>>>25|b<<7))+(d^b&(c^d))+K[i+11]+w11)|0;
      a=(a+t)|0; e=(t+((f>>>2|f<<30)^(f>>>13|f<<19)^(f>>>22|f<<10))+(f&g|h&(f|g)))|0;
      w12=(w12+w5+((w13>>>7|w13<<25)^(w13>>>18|w13<<14)^w13>>>3)+((w10>>>17|w10<<15)^(w10>>>19|w10<<13)^w10>>>10))|0;
      t=(d+((a>>>6|a<<26)^(a>>>11|a<<21)^(a>>>25|a<<7))+(c^a&(b^c))+K[i+12]+w12)|0;
      h=(h+t)|0; d=(t+((e>>>2|e<<30)^(e>>>13|e<<19)^(e>>>22|e<<10))+(e&f|g&(e|f)))|0;
      w13=(w13+w6+((w14>>>7|w14<<25)^(w14>>>18|w14<<14)^w14>>>3)+((w11>>>17|w11<<15)^(w11>>>19|w11<<13)^w11>>>10))|0;
      t=(c+((h>>>6|h<<26)^(h>>>11|h<<21)^(h>>>25|h<<7))+(b^h&(a^b))+K[i+13]+w13)|0;
      g=(g+t)|0; c=(t+((d>>>2|d<<30)^(d>>>13|d<<19)^(d>>>22|d<<10))+(d&e|f&(d|e)))|0;
      w14=(w14+w7+((w15>>>7|w15<<25)^(w15>>>18|w15<<14)^w15>>>3)+((w12>>>17|w12<<15)^(w12>>>19|w12<<13)^w12>>>10))|0;
      t=(b+((g>>>6|g<<26)^(g>>>11|g<<21)^(g>>>25|g<<7))+(a^g&(h^a))+K[i+14]+w14)|0;
      f=(f+t)|0; b=(t+((c>>>2|c<<30)^(c>>>13|c<<19)^(c>>>22|c<<10))+(c&d|e&(c|d)))|0;
      w15=(w15+w8+((w0>>>7|w0<<25)^(w0>>>18|w0<<14)^w0>>>3)+((w13>>>17|w13<<15)^(w13>>>19|w13<<13)^w13>>>10))|0;
      t=(a+((f>>>6|f<<26)^(f>>>11|f<<21)^(f>>>25|f<<7))+(h^f&(g^h))+K[i+15]+w15)|0;
      e=(e+t)|0; a=(t+((b>>>2|b<<30)^(b>>>13|b<<19)^(b>>>22|b<<10))+(b&c|d&(b|c)))|0;
    }
    const first = (a + 0x6a09e667) >>> 0;
    if (first <= high && (first < high || (b + 0xbb67ae85) >>> 0 <= low)) return offset;
  }
  return -1;
}
