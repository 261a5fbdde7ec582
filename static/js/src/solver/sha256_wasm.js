/**
 * The WebAssembly engines of the `sha256` puzzle; sha256_scan.c is their loop.
 */

import { engineOf } from "./sha256_engine.js";

/**
 * @typedef {object} Exports
 * @property {WebAssembly.Memory} memory
 * @property {() => number} input where `scan` expects the state and then the words
 * @property {(start: number, count: number, high: number, low: number) => number} scan
 */

/**
 * Rejects when the browser refuses the module.
 * @param {import("./sha256_engine.js").EngineName} name
 * @param {WebAssembly.Module} module
 */
export async function wasmEngine(name, module) {
  const { exports } = await WebAssembly.instantiate(module);
  const { memory, input, scan } = /** @type {Exports} */ (/** @type {unknown} */ (exports));
  const given = new Int32Array(memory.buffer, input(), 24);
  return engineOf(name, (state, words, start, count, high, low) => {
    given.set(state);
    given.set(words, state.length);
    return scan(start, count, high, low);
  });
}
