/**
 * Our own engines, as they are shipped.
 */

import { plainEngine } from "../../static/js/src/solver/sha256_plain.js";

const ENGINES = [{ name: "plain", make: () => plainEngine }];

/** As the workers of the page take them. */
const SLICE = 65536;

const made = new Map(ENGINES.map(({ name, make }) => [name, make()]));

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

/** By name, those that this browser can run; best first. */
export const engines = Object.fromEntries(
  [...made].filter(([, engine]) => engine).map(([name, engine]) => [name, () => hasher(engine)]),
);

/** Milliseconds that one engine takes for one puzzle: all its sub-puzzles, one after the other. */
export function solve(name, { seed, count, threshold }) {
  const bytes = Uint8Array.from(seed.match(/../g), (pair) => Number.parseInt(pair, 16));
  const started = performance.now();
  for (let index = 0; index < count; index++) {
    const search = made.get(name).prepare(bytes, index, BigInt(`0x${threshold}`));
    while (search.run(SLICE) === undefined);
  }
  return performance.now() - started;
}
