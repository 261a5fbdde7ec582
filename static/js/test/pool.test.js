import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { challengeSeed } from "../src/solver/canonical.js";
import { solve as solveWith } from "../src/solver/pool.js";
import { serve } from "../src/solver/worker.js";
import { hex, smallest } from "./reference.js";

const PUZZLE = { kind: "sha256", count: 16, threshold: "00ffffffffffffff" };
const ENGINE = { name: "plain" };
/** The page, in front of somebody unless a test hides it. */
let page;
const solve = (url, challenge, puzzle, options) =>
  solveWith(url, ENGINE, challenge, puzzle, { page, ...options });
const pause = () => new Promise((resolve) => setImmediate(resolve));
const original = Object.getOwnPropertyDescriptor(globalThis, "navigator");

/** Holds every task until a test answers it. */
class FakeWorker {
  static made = [];
  tasks = [];
  rests = [];
  terminated = false;

  constructor(url) {
    this.url = url;
    FakeWorker.made.push(this);
  }

  postMessage({ engine, task, resting }) {
    if (engine) this.engine = engine;
    if (task) this.tasks.push(task);
    if (resting !== undefined) this.rests.push(resting);
  }

  say(news) {
    this.onmessage({ data: news });
  }

  answer() {
    const { index } = this.tasks.at(-1);
    this.say({ solved: { index, answer: 1000 + index } });
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

  postMessage(order) {
    this.scope.onmessage({ data: structuredClone(order) });
  }
}

const allTerminated = () => FakeWorker.made.every(({ terminated }) => terminated);
const handedOut = () => FakeWorker.made.flatMap(({ tasks }) => tasks.map(({ index }) => index));

function setDevice(hardwareConcurrency, deviceMemory) {
  Object.defineProperty(globalThis, "navigator", {
    value: { hardwareConcurrency, deviceMemory },
    configurable: true,
  });
}

beforeEach(() => {
  FakeWorker.made = [];
  setDevice(8);
  page = Object.assign(new EventTarget(), { hidden: false });
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
  assert.equal(FakeWorker.made.length, 4);
  assert.ok(allTerminated());
});

test("hands out indexes in order and keeps late answers in their place", async () => {
  const seen = [];
  const onProgress = (...progress) => seen.push(progress);
  const puzzle = { ...PUZZLE, count: 5 };
  const options = { WorkerClass: FakeWorker, onProgress, workers: 3 };
  const promise = solve("/s.js", "jws", puzzle, options);
  await pause();
  assert.deepEqual(handedOut(), [0, 1, 2]);
  const [a, b, c] = FakeWorker.made;
  assert.equal(a.url, "/s.js");
  assert.equal(a.engine, ENGINE);
  const { seed, ...rest } = a.tasks[0];
  assert.equal(hex(seed), hex(challengeSeed("jws")));
  assert.deepEqual(rest, { kind: "sha256", index: 0, threshold: PUZZLE.threshold });
  c.answer();
  assert.deepEqual(c.tasks.at(-1).index, 3);
  b.answer();
  assert.deepEqual(b.tasks.at(-1).index, 4);
  for (const worker of [b, c, a]) worker.answer();
  assert.deepEqual(await promise, [1000, 1001, 1002, 1003, 1004]);
  assert.deepEqual(
    seen,
    [1, 2, 3, 4, 5].map((done) => [done, 5, "plain"]),
  );
  assert.ok(allTerminated());
});

for (const [cores, memory, count, expected] of [
  [64, 32, 16, 4],
  [5, undefined, 16, 4],
  [4, 8, 16, 2],
  [64, 4, 16, 2],
  [1, 8, 16, 1],
  [undefined, undefined, 16, 2],
  [8, 8, 3, 3],
]) {
  test(`${cores} cores, ${memory} GB, ${count} sub-puzzles: ${expected} workers`, async () => {
    setDevice(cores, memory);
    const abort = new AbortController();
    const options = { WorkerClass: FakeWorker, signal: abort.signal };
    const promise = solve("/s.js", "jws", { ...PUZZLE, count }, options);
    await pause();
    assert.equal(FakeWorker.made.length, expected);
    abort.abort();
    await assert.rejects(promise);
  });
}

const turn = (hidden) => {
  page.hidden = hidden;
  page.dispatchEvent(new Event("visibilitychange"));
};

test("while nobody looks one worker goes on, with rests; all of them once somebody does", async () => {
  const options = { WorkerClass: FakeWorker, workers: 2 };
  const promise = solve("/s.js", "jws", { ...PUZZLE, count: 5 }, options);
  await pause();
  const [first, second] = FakeWorker.made;
  turn(true);
  for (const worker of [first, second]) worker.answer();
  assert.deepEqual([first.tasks.length, second.tasks.length], [2, 1]);
  first.answer();
  turn(false);
  assert.deepEqual([first.tasks.length, second.tasks.length], [3, 2]);
  for (const worker of [first, second]) worker.answer();
  assert.deepEqual(await promise, [1000, 1001, 1002, 1003, 1004]);
  assert.deepEqual(first.rests, [false, true, false]);
  turn(true);
  assert.equal(first.rests.length, 3, "an ended pool listens no more");
});

test("a tab that is hidden from the start finishes", async () => {
  page.hidden = true;
  const answers = await solve("/s.js", "jws", PUZZLE, { WorkerClass: InlineWorker });
  assert.equal(answers.length, 16);
});

for (const [speed, patienceMs, gives] of [
  // 16 times 256 tries by 2 workers.
  [1, 2000, true],
  [1, 2100, false],
  [1, undefined, false],
]) {
  test(`${speed} tries a ms and ${patienceMs} ms of patience: given up is ${gives}`, async () => {
    const options = { WorkerClass: FakeWorker, workers: 2, patienceMs };
    const promise = solve("/s.js", "jws", { ...PUZZLE, count: 16 }, options);
    await pause();
    FakeWorker.made[0].say({ speed });
    if (gives) {
      await assert.rejects(promise, { code: "too_slow", estimateMs: 2048 });
      assert.ok(allTerminated());
    } else {
      while (FakeWorker.made[0].tasks.at(-1).index < 15) FakeWorker.made[0].answer();
      for (const worker of FakeWorker.made) worker.answer();
      assert.equal((await promise).length, 16);
    }
  });
}

test("a worker that says it failed rejects and ends all", async () => {
  const promise = solve("/s.js", "jws", PUZZLE, { WorkerClass: FakeWorker });
  await pause();
  FakeWorker.made[1].say({ failed: "RangeError: no nonce left" });
  await assert.rejects(promise, { code: "worker_failed" });
  assert.ok(allTerminated());
});

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
