/**
 * Which engine a browser gets: the fastest that passes a short test of itself.
 */

import { plainEngine } from "./sha256_plain.js";
import { wasmEngine } from "./sha256_wasm.js";

/**
 * An engine as it travels from the page to its workers.
 * @typedef {object} Found
 * @property {import("./sha256_engine.js").EngineName} name
 * @property {WebAssembly.Module} [module] none for plain JavaScript
 */

/** @typedef {(url: string) => Promise<ArrayBuffer>} Load */

/**
 * Names that change with the content, best engine first.
 * @returns {[import("./sha256_engine.js").EngineName, string][]}
 */
const files = () => [
  ["simd", SIMD_FILE],
  ["wasm", WASM_FILE],
];

/** The smallest module: a policy that forbids WebAssembly refuses it as any other. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/**
 * A puzzle and its smallest nonce: so many tries that V8 begins to optimise the module, which is
 * then ready when the workers begin.
 */
const TEST = { seed: new Uint8Array(32), index: 25, threshold: (1n << 51n) - 1n, nonce: 4944 };

/** @type {Map<string, Promise<Found>>} */
const found = new Map();

/**
 * The engine of this page; looked for once. Never rejects: plain JavaScript runs anywhere.
 * @param {string} scriptUrl beside which the engines' files are
 * @param {Load} [load] for tests
 * @returns {Promise<Found>}
 */
export function findEngine(scriptUrl, load = fetchBytes) {
  const known = found.get(scriptUrl) ?? find(scriptUrl, load);
  found.set(scriptUrl, known);
  return known;
}

/**
 * The engine itself, for this thread.
 * @param {Found} found
 */
export async function startEngine({ name, module }) {
  return module ? wasmEngine(name, module) : plainEngine;
}

/**
 * @param {string} scriptUrl
 * @param {Load} load
 * @returns {Promise<Found>}
 */
async function find(scriptUrl, load) {
  try {
    await WebAssembly.compile(EMPTY_MODULE);
  } catch {
    return { name: "plain" };
  }
  for (const [name, file] of files()) {
    try {
      const module = await WebAssembly.compile(await load(new URL(file, scriptUrl).href));
      if (isRight(await wasmEngine(name, module))) return { name, module };
    } catch {
      // Not in this browser: the next one may do.
    }
  }
  return { name: "plain" };
}

/** @param {string} url */
async function fetchBytes(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  return answer.arrayBuffer();
}

/**
 * The answer has to come from each of four lanes, and no other before it.
 * @param {import("./sha256_engine.js").Engine} engine
 */
function isRight({ prepare }) {
  const { seed, index, threshold, nonce } = TEST;
  const missed = prepare(seed, index, threshold).run(nonce) === undefined;
  return (
    missed &&
    [0, 1, 2, 3].every((lane) => prepare(seed, index, threshold, nonce - lane).run(4) === nonce)
  );
}
