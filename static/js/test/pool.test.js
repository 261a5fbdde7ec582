import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { challengeSeed } from "../src/solver/canonical.js";
import { solve } from "../src/solver/pool.js";
import { serve } from "../src/solver/worker.js";
import { hex, smallest } from "./reference.js";

const PUZZLE = { kind: "sha256", count: 16, threshold: "00ffffffffffffff" };
const pause = () => new Promise((resolve) => setImmediate(resolve));
const original = Object.getOwnPropertyDescriptor(globalThis, "navigator");

/** Holds every task until a test answers it. */
class FakeWorker {
  static made = [];
  tasks = [];
  terminated = false;

  constructor(url) {
    this.url = url;
    FakeWorker.made.push(this);
  }

  postMessage(task) {
    this.tasks.push(task);
  }

  answer() {
    const { index } = this.tasks.at(-1);
    this.onmessage({ data: { index, answer: 1000 + index } });
  }

  terminate() {
    this.terminated = true;
  }
}

/** Runs the real worker loop, in this thread. */
class InlineWorker extends FakeWorker {
  constructor(url) {
    super(url);
    this.scope = { postMessage: (data) => setImmediate(() => this.onmessage({ data })) };
    serve(this.scope);
  }

  postMessage(task) {
    this.scope.onmessage({ data: structuredClone(task) });
  }
}

const allTerminated = () => FakeWorker.made.every(({ terminated }) => terminated);
const handedOut = () => FakeWorker.made.flatMap(({ tasks }) => tasks.map(({ index }) => index));

function setCores(hardwareConcurrency) {
  Object.defineProperty(globalThis, "navigator", {
    value: { hardwareConcurrency },
    configurable: true,
  });
}

beforeEach(() => {
  FakeWorker.made = [];
  setCores(3);
});

afterEach(() => {
  if (original) Object.defineProperty(globalThis, "navigator", original);
  else delete globalThis.navigator;
});

test("answers a real puzzle in index order and ends its workers", async () => {
  const answers = await solve("/s.js", "jws", PUZZLE, { WorkerClass: InlineWorker });
  const seed = challengeSeed("jws");
  const expected = Array.from({ length: 16 }, (_, i) => smallest(seed, i, 2n ** 56n - 1n));
  assert.deepEqual(answers, expected);
  assert.equal(FakeWorker.made.length, 3);
  assert.ok(allTerminated());
});

test("hands out indexes in order and keeps late answers in their place", async () => {
  const seen = [];
  const onProgress = (done, count) => seen.push([done, count]);
  const puzzle = { ...PUZZLE, count: 5 };
  const promise = solve("/s.js", "jws", puzzle, { WorkerClass: FakeWorker, onProgress });
  await pause();
  assert.deepEqual(handedOut(), [0, 1, 2]);
  const [a, b, c] = FakeWorker.made;
  assert.equal(a.url, "/s.js");
  const { seed, ...rest } = a.tasks[0];
  assert.equal(hex(seed), hex(challengeSeed("jws")));
  assert.deepEqual(rest, { kind: "sha256", index: 0, threshold: PUZZLE.threshold });
  c.answer();
  assert.deepEqual(c.tasks.at(-1).index, 3);
  b.answer();
  assert.deepEqual(b.tasks.at(-1).index, 4);
  for (const worker of [b, c, a]) worker.answer();
  assert.deepEqual(await promise, [1000, 1001, 1002, 1003, 1004]);
  assert.deepEqual(seen, [
    [1, 5],
    [2, 5],
    [3, 5],
    [4, 5],
    [5, 5],
  ]);
  assert.ok(allTerminated());
});

for (const [cores, count, expected] of [
  [64, 16, 4],
  [1, 16, 1],
  [undefined, 16, 2],
  [8, 3, 3],
]) {
  test(`${cores} cores and ${count} sub-puzzles: ${expected} workers`, async () => {
    setCores(cores);
    const abort = new AbortController();
    const options = { WorkerClass: FakeWorker, signal: abort.signal };
    const promise = solve("/s.js", "jws", { ...PUZZLE, count }, options);
    await pause();
    assert.equal(FakeWorker.made.length, expected);
    abort.abort();
    await assert.rejects(promise);
  });
}

test("abort ends the workers and rejects with the reason", async () => {
  const abort = new AbortController();
  const options = { WorkerClass: FakeWorker, signal: abort.signal };
  const promise = solve("/s.js", "jws", PUZZLE, options);
  await pause();
  assert.ok(!allTerminated());
  abort.abort();
  await assert.rejects(promise, { name: "AbortError" });
  assert.ok(allTerminated());
});

test("an aborted signal makes no worker", async () => {
  const options = { WorkerClass: FakeWorker, signal: AbortSignal.abort() };
  await assert.rejects(solve("/s.js", "jws", PUZZLE, options), { name: "AbortError" });
  assert.equal(FakeWorker.made.length, 0);
});

for (const event of ["onerror", "onmessageerror"]) {
  test(`${event} of one worker rejects and ends all`, async () => {
    const promise = solve("/s.js", "jws", PUZZLE, { WorkerClass: FakeWorker });
    await pause();
    FakeWorker.made[1][event]({ type: "error" });
    await assert.rejects(promise, { name: "ChallengeError", code: "worker_failed" });
    assert.ok(allTerminated());
  });
}

test("a worker that cannot be made rejects and ends those before it", async () => {
  class SecondFails extends FakeWorker {
    constructor(url) {
      if (FakeWorker.made.length === 1) throw new Error("refused");
      super(url);
    }
  }
  const promise = solve("/s.js", "jws", PUZZLE, { WorkerClass: SecondFails });
  await assert.rejects(promise, { code: "worker_failed" });
  assert.equal(FakeWorker.made.length, 1);
  assert.ok(allTerminated());
});

for (const [change, code] of [
  [{ kind: "sudoku" }, "unknown_kind"],
  [{ count: 0 }, "bad_puzzle"],
  [{ count: 1.5 }, "bad_puzzle"],
  [{ count: 1e9 }, "bad_puzzle"],
  [{ threshold: "ff" }, "bad_puzzle"],
  [{ threshold: "00FFFFFFFFFFFFFF" }, "bad_puzzle"],
]) {
  test(`${JSON.stringify(change)} is refused before any worker is made`, async () => {
    const promise = solve("/s.js", "jws", { ...PUZZLE, ...change }, { WorkerClass: FakeWorker });
    await assert.rejects(promise, { name: "ChallengeError", code });
    assert.equal(FakeWorker.made.length, 0);
  });
}
