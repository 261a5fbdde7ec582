import assert from "node:assert/strict";
import { test } from "node:test";
import { solveAnywhere } from "../src/solver/anywhere.js";
import { challengeSeed } from "../src/solver/canonical.js";
import { solveInSlices as solveWith } from "../src/solver/slices.js";
import { smallest } from "./reference.js";

const solveInSlices = (...given) => solveWith({ name: "plain" }, ...given);
const PUZZLE = { kind: "sha256", count: 5, threshold: "0007ffffffffffff" };
const seed = challengeSeed("jws");
const expected = Array.from({ length: 5 }, (_, i) => smallest(seed, i, 0x7ffffffffffffn));

test("answers like the workers, and tells of each", async () => {
  const seen = [];
  const onProgress = (...progress) => seen.push(progress);
  assert.deepEqual(await solveInSlices("jws", PUZZLE, { onProgress }), expected);
  assert.deepEqual(
    seen,
    [1, 2, 3, 4, 5].map((done) => [done, 5, "plain"]),
  );
});

test("other tasks of the page run between the slices", async () => {
  let turns = 0;
  let solving = true;
  const other = () => {
    turns++;
    if (solving) setImmediate(other);
  };
  setImmediate(other);
  await solveInSlices("jws", PUZZLE, {});
  solving = false;
  assert.ok(turns > 5, `${turns} turns`);
});

/** A device on which each try takes `us`; counts tries by the engine's own slices. */
function device(us, tickMs = 0) {
  const slices = [];
  let at = 0;
  let wanted;
  // The pacemaker reads the clock before and after a slice: every second reading ends one.
  const now = () => {
    if (wanted === undefined) wanted = at;
    else {
      slices.push(at - wanted);
      wanted = undefined;
    }
    return tickMs ? Math.floor(at / tickMs) * tickMs : at;
  };
  return { slices, now, spend: (tries) => (at += (tries * us) / 1000) };
}

for (const [us, tickMs] of [
  [0.2, 0],
  [1, 0],
  [20, 0],
  [60, 0],
  [1, 100],
]) {
  test(`slices of at most 12 ms at ${us} us a try, clock in ${tickMs} ms steps`, async () => {
    const { slices, now, spend } = device(us, tickMs);
    const { sha256Kind } = await import("../src/solver/sha256_kind.js");
    const { search } = sha256Kind;
    let left = 400;
    sha256Kind.search = () => ({
      run(tries) {
        spend(tries);
        return left-- > 0 ? undefined : 1;
      },
    });
    try {
      await solveInSlices("jws", { ...PUZZLE, count: 1 }, {}, now);
    } finally {
      sha256Kind.search = search;
    }
    assert.ok(slices.length >= 400);
    const longest = Math.max(...slices);
    assert.ok(longest <= 12, `${longest} ms`);
    // And not so short that the time goes into changing turns.
    if (!tickMs) assert.ok(slices.at(-2) >= 5, `${slices.at(-2)} ms`);
  });
}

test("what takes longer than one has patience for is given up", async () => {
  const hard = { ...PUZZLE, threshold: "00000000ffffffff" };
  const error = await solveInSlices("jws", hard, { patienceMs: 5000 }).catch((caught) => caught);
  assert.equal(error.code, "too_slow");
  assert.ok(error.estimateMs > 5000, `${error.estimateMs} ms`);
});

test("abort ends it between two slices", async () => {
  const abort = new AbortController();
  const hard = { ...PUZZLE, threshold: "0000000000000000" };
  const promise = solveInSlices("jws", hard, { signal: abort.signal });
  setTimeout(() => abort.abort(), 20);
  await assert.rejects(promise, { name: "AbortError" });
});

Object.assign(globalThis, { SIMD_FILE: "simd.wasm", WASM_FILE: "scalar.wasm" });
const page = Object.assign(new EventTarget(), { hidden: false });

class Refusing {
  constructor() {
    throw new Error("blocked by policy");
  }
}

class Failing {
  constructor() {
    setImmediate(() => this.onerror({ type: "error" }));
  }
  postMessage() {}
  terminate() {}
}

for (const [name, WorkerClass] of [
  ["no Worker at all", undefined],
  ["a constructor that throws", Refusing],
  ["workers that fail to load", Failing],
]) {
  test(`${name}: solved on this thread, and said`, async () => {
    let slow = 0;
    const onSlow = () => slow++;
    const answers = await solveAnywhere("/s.js", "jws", PUZZLE, { WorkerClass, onSlow, page });
    assert.deepEqual(answers, expected);
    assert.equal(slow, 1);
  });
}

test("a puzzle that nobody can solve here is not tried again", async () => {
  let slow = 0;
  const options = { WorkerClass: Refusing, onSlow: () => slow++, page };
  const promise = solveAnywhere("/s.js", "jws", { ...PUZZLE, kind: "sudoku" }, options);
  await assert.rejects(promise, { code: "unknown_kind" });
  assert.equal(slow, 0);
});
