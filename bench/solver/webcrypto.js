/**
 * Our puzzle with one `crypto.subtle.digest` a nonce: what a page does that brings no hash of its own.
 */

const SEED = crypto.getRandomValues(new Uint8Array(32));
const BYTES = 44;
/** Nonces between two looks at the clock. */
const SLICE = 256;

/** @param {(nonce: number) => Uint8Array} input */
function hasher(input) {
  return async (ms) => {
    const end = performance.now() + ms;
    let nonce = 0;
    while (performance.now() < end) {
      for (const next = nonce + SLICE; nonce < next; nonce++) {
        const digest = await crypto.subtle.digest("SHA-256", input(nonce));
        // With the work of 2^32 it is as good as never.
        if (new DataView(digest).getUint32(0) === 0) self.found = nonce;
      }
    }
    return nonce;
  };
}

function fresh(nonce) {
  const input = new Uint8Array(BYTES);
  input.set(SEED);
  new DataView(input.buffer).setUint32(36, nonce, true);
  return input;
}

function kept() {
  const input = fresh(0);
  const view = new DataView(input.buffer);
  return (nonce) => {
    view.setUint32(36, nonce, true);
    return input;
  };
}

export const webcrypto = {
  "webcrypto-loop": () => hasher(fresh),
  "webcrypto-prealloc": () => hasher(kept()),
};
