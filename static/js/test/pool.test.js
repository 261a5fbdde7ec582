import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { challengeSeed } from "../src/solver/canonical.js";
import { solve as solveWith, startWorkers } from "../src/solver/pool.js";
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

/** Holds every task until a test answers it, in order. */
class FakeWorker {
  static made = [];
  tasks = [];
  answered = 0;
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
    const { index } = this.tasks[this.answered++];
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

/** Until no worker holds a task. */
function answerAll() {
  for (const worker of FakeWorker.made) while (worker.tasks[worker.answered]) worker.answer();
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
  const puzzle = { ...PUZZLE, count: 7 };
  const options = { WorkerClass: FakeWorker, onProgress, workers: 3 };
  const promise = solve("/s.js", "jws", puzzle, options);
  await pause();
  assert.deepEqual(handedOut(), [0, 1, 2, 3, 4, 5], "two to each: none waits for the page");
  const [a, b, c] = FakeWorker.made;
  assert.equal(a.url, "/s.js");
  assert.equal(a.engine, ENGINE);
  const { seed, ...rest } = a.tasks[0];
  assert.equal(hex(seed), hex(challengeSeed("jws")));
  assert.deepEqual(rest, { kind: "sha256", index: 0, threshold: PUZZLE.threshold });
  c.answer();
  assert.deepEqual(c.tasks.at(-1).index, 6);
  for (const worker of [c, c, b, a, b, a]) worker.answer();
  assert.deepEqual(await promise, [1000, 1001, 1002, 1003, 1004, 1005, 1006]);
  assert.deepEqual(
    seen,
    [1, 2, 3, 4, 5, 6, 7].map((done) => [done, 7, "plain"]),
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
  const promise = solve("/s.js", "jws", { ...PUZZLE, count: 7 }, options);
  await pause();
  const [first, second] = FakeWorker.made;
  const held = () => [first, second].map(({ tasks, answered }) => tasks.length - answered);
  assert.deepEqual(held(), [2, 2]);
  turn(true);
  for (const worker of [first, second, second]) worker.answer();
  assert.deepEqual(held(), [2, 0]);
  turn(false);
  assert.deepEqual(held(), [2, 2]);
  for (const worker of [first, second, first, second]) worker.answer();
  assert.equal((await promise).length, 7);
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
      answerAll();
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

test("workers that were started before are taken, and no others made", async () => {
  const dismiss = startWorkers("/s.js", FakeWorker);
  assert.equal(FakeWorker.made.length, 4);
  const promise = solve("/s.js", "jws", PUZZLE, { WorkerClass: FakeWorker, workers: 3 });
  await pause();
  assert.equal(FakeWorker.made.length, 4);
  assert.equal(handedOut().length, 6);
  const idle = FakeWorker.made.filter(({ tasks }) => tasks.length === 0);
  dismiss();
  assert.deepEqual(
    idle.map(({ terminated }) => terminated),
    [true],
  );
  answerAll();
  assert.equal((await promise).length, 16);
  assert.ok(allTerminated());
});

test("one that fails before its first puzzle is not waited for", async () => {
  startWorkers("/s.js", FakeWorker);
  FakeWorker.made[2].onerror({ type: "error" });
  assert.ok(allTerminated());
  const promise = solve("/s.js", "jws", PUZZLE, { WorkerClass: FakeWorker });
  await pause();
  assert.equal(FakeWorker.made.length, 8);
  FakeWorker.made[5].onerror({ type: "error" });
  await assert.rejects(promise, { code: "worker_failed" });
});

test("where workers are forbidden none are started, and nothing is thrown", () => {
  class Refusing {
    constructor() {
      throw new Error("blocked by policy");
    }
  }
  startWorkers("/s.js", Refusing)();
  startWorkers("/s.js", undefined)();
});
