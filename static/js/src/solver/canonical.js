/**
 * The one way to join parts into bytes before they are hashed: no two lists share an encoding.
 */

import { sha256 } from "./sha256.js";

/**
 * Each part as its u32 little-endian length, then its bytes (strings as UTF-8).
 * @param {...(string | Uint8Array)} parts
 * @returns {Uint8Array}
 */
export function canonical(...parts) {
  const encoder = new TextEncoder();
  const bytes = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : part));
  const joined = new Uint8Array(bytes.reduce((size, part) => size + 4 + part.length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const part of bytes) {
    view.setUint32(at, part.length, true);
    joined.set(part, at + 4);
    at += 4 + part.length;
  }
  return joined;
}

/**
 * The 32-byte seed of every sub-puzzle of a challenge.
 * @param {string} challenge the challenge JWS
 */
export function challengeSeed(challenge) {
  return sha256(canonical("challenge/v1", challenge));
}
