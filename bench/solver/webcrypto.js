/**
 * One `crypto.subtle.digest` a nonce: what many pages do that bring no hash of their own.
 */

/** Nonces between two looks at the clock. */
const SLICE = 256;

/** @param {(nonce: number) => Uint8Array} input */
function hasher(input) {
  return async (ms) => {
    const end = performance.now() + ms;
    let nonce = 0;
    while (performance.now() < end) {
      for (const next = nonce + SLICE; nonce < next; nonce++) {
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", input(nonce)));
        if (digest.every((byte) => byte === 0)) throw new Error("that cannot be");
      }
    }
    return nonce;
  };
}

/** As they ship it: a text and the number as a text, encoded anew. With eight digits, 44 bytes. */
function written() {
  const encoder = new TextEncoder();
  const seed = "0123456789abcdef0123456789abcdef0123";
  return (nonce) => encoder.encode(seed + nonce);
}

/** As it could be: 44 bytes that are kept, and the nonce written into them. */
function kept() {
  const input = crypto.getRandomValues(new Uint8Array(44));
  const view = new DataView(input.buffer);
  return (nonce) => {
    view.setUint32(36, nonce, true);
    return input;
  };
}

export const webcrypto = {
  "webcrypto-loop": () => hasher(written()),
  "webcrypto-prealloc": () => hasher(kept()),
};
