import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { alone } from "../src/lock.js";
import { fakeLocks, settle } from "./fakes.js";

const NAME = "challenge-main";
let locks;

beforeEach(() => {
  locks = fakeLocks();
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

const never = () => new Promise(() => {});

/** Work that a test ends by hand. */
function work() {
  let end;
  const done = new Promise((resolve) => {
    end = resolve;
  });
  const run = mock.fn(() => done);
  return { run, end: (value) => end(value) };
}

test("one after the other, under the site's name", async () => {
  const [first, second] = [work(), work()];
  const results = [first, second].map(({ run }) => alone("main", run, undefined, locks));
  await settle();
  assert.equal(first.run.mock.callCount(), 1);
  assert.equal(second.run.mock.callCount(), 0);
  first.end("a");
  assert.equal(await results[0], "a");
  await settle();
  assert.equal(second.run.mock.callCount(), 1);
  second.end("b");
  assert.equal(await results[1], "b");
  await settle();
  assert.deepEqual(new Set(locks.names), new Set([NAME]));
  assert.deepEqual(
    [first, second].map(({ run }) => run.mock.calls[0].arguments),
    [[false], [true]],
  );
  assert.equal(locks.isHeld(NAME), false);
});

test("another site's lock is another lock", async () => {
  alone("main", never, undefined, locks);
  assert.equal(await alone("second", async () => 1, undefined, locks), 1);
});

test("after 20 s of waiting it goes on without, once", async () => {
  alone("main", never, undefined, locks);
  const waiting = work();
  const result = alone("main", waiting.run, undefined, locks);
  mock.timers.tick(19_999);
  await settle();
  assert.equal(waiting.run.mock.callCount(), 0);
  mock.timers.tick(1);
  await settle();
  assert.equal(waiting.run.mock.callCount(), 1);
  waiting.end("late");
  assert.equal(await result, "late");
  assert.equal(waiting.run.mock.callCount(), 1);
});

test("work that has the lock may take longer than 20 s", async () => {
  const long = work();
  const result = alone("main", long.run, undefined, locks);
  await settle();
  mock.timers.tick(60_000);
  await settle();
  assert.equal(locks.isHeld(NAME), true);
  long.end("done");
  assert.equal(await result, "done");
  assert.equal(long.run.mock.callCount(), 1);
});

test("without Web Locks, and where they are refused, it works without", async () => {
  assert.equal(await alone("main", async () => "plain", undefined, null), "plain");
  const refused = { request: () => Promise.reject(new Error("SecurityError")) };
  const run = mock.fn(async () => "refused");
  assert.equal(await alone("main", run, undefined, refused), "refused");
  assert.equal(run.mock.callCount(), 1);
});

test("what the work rejects with comes through, and the work is not done again", async () => {
  const run = mock.fn(() => Promise.reject(new Error("no answer")));
  await assert.rejects(alone("main", run, undefined, locks), /no answer/);
  assert.equal(run.mock.callCount(), 1);
  assert.equal(await alone("main", async () => "next", undefined, locks), "next");
});

test("a page that is left gives the lock back at once", async () => {
  const left = new AbortController();
  const result = alone("main", never, left.signal, locks);
  const next = alone("main", async () => "mine", undefined, locks);
  await settle();
  left.abort();
  await assert.rejects(result, { name: "AbortError" });
  assert.equal(await next, "mine");
});

test("a page that is left while it waits does not begin", async () => {
  alone("main", never, undefined, locks);
  const left = new AbortController();
  const run = mock.fn(never);
  const result = alone("main", run, left.signal, locks);
  left.abort();
  await assert.rejects(result, { name: "AbortError" });
  mock.timers.tick(30_000);
  await settle();
  assert.equal(run.mock.callCount(), 0);
  await assert.rejects(alone("main", run, left.signal, locks), { name: "AbortError" });
  assert.equal(run.mock.callCount(), 0);
});
