/** The puzzle as OpenSSL computes it: what the tests hold our own code against. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { plainEngine } from "../src/solver/sha256_plain.js";
import { wasmEngine } from "../src/solver/sha256_wasm.js";

/** The first 64 bits of the digest of one nonce, as a bigint. */
export function first64(seed, index, nonce) {
  const tail = Buffer.alloc(12);
  tail.writeUInt32LE(index);
  tail.writeBigUInt64LE(BigInt(nonce), 4);
  return createHash("sha256").update(seed).update(tail).digest().readBigUInt64BE();
}

/** The smallest accepted nonce from `from` on, by trying each. */
export function smallest(seed, index, threshold, from = 0) {
  let nonce = from;
  while (first64(seed, index, nonce) > threshold) nonce++;
  return nonce;
}

/** One file of the vectors that pytest reads too. */
export function vectors(name) {
  return JSON.parse(readFileSync(new URL(`../../../tests/vectors/${name}`, import.meta.url)));
}

export const bytes = (hex) => new Uint8Array(Buffer.from(hex, "hex"));
export const hex = (data) => Buffer.from(data).toString("hex");

/** One of the committed modules. */
export const moduleOf = (file) =>
  new WebAssembly.Module(readFileSync(new URL(`../dist/${file}`, import.meta.url)));

/** Every engine that a browser may get. */
export const engines = [
  await wasmEngine("simd", moduleOf("sha256-simd.wasm")),
  await wasmEngine("wasm", moduleOf("sha256.wasm")),
  plainEngine,
];
