/**
 * Our own engines, as they are shipped.
 */

import wasm from "../../static/js/dist/sha256.wasm";
import simd from "../../static/js/dist/sha256-simd.wasm";
import { plainEngine } from "../../static/js/src/solver/sha256_plain.js";
import { wasmEngine } from "../../static/js/src/solver/sha256_wasm.js";

/** Tries at once; a page's worker asks for fewer, so that it can be spoken to. */
const SLICE = 65536;

const compiled = async (name, bytes) => wasmEngine(name, await WebAssembly.compile(bytes));

/** By name, the best first. */
const ENGINES = {
  simd: () => compiled("simd", simd),
  wasm: () => compiled("wasm", wasm),
  plain: async () => plainEngine,
};

function hasher(engine) {
  // Nothing is accepted, as good as ever.
  const search = engine.prepare(new Uint8Array(32), 0, 0n);
  return (ms) => {
    const end = performance.now() + ms;
    let hashes = 0;
    while (performance.now() < end) {
      search.run(SLICE);
      hashes += SLICE;
    }
    return hashes;
  };
}

/** As the worker wants its solvers. */
export const engines = Object.fromEntries(
  Object.entries(ENGINES).map(([name, make]) => [name, async () => hasher(await make())]),
);

/** Milliseconds that one engine takes for one puzzle: all its sub-puzzles, one after the other. */
export async function solve(name, { seed, count, threshold }) {
  const engine = await ENGINES[name]();
  const bytes = Uint8Array.from(seed.match(/../g), (pair) => Number.parseInt(pair, 16));
  const started = performance.now();
  for (let index = 0; index < count; index++) {
    const search = engine.prepare(bytes, index, BigInt(`0x${threshold}`));
    while (search.run(SLICE) === undefined);
  }
  return performance.now() - started;
}
