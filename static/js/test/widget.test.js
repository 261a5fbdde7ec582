/** What a widget does, without a page. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { ChallengeError } from "../src/errors.js";
import { optionsOf } from "../src/widget/options.js";
import { Widget } from "../src/widget/widget.js";
import { settle } from "./fakes.js";

let now;
let log;
let held;
let outcomes;
let looks;
const made = [];

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  [now, log, held, outcomes] = [0, [], "", []];
  looks = Promise.resolve();
});
afterEach(async () => {
  await settle();
  for (const one of made.splice(0)) one.clear();
  mock.timers.reset();
});

function widget(said = {}) {
  const note =
    (name) =>
    (...values) =>
      log.push([name, ...values].join(" "));
  const names = ["idle", "working", "ready", "expired"];
  const face = Object.fromEntries(names.map((name) => [name, note(name)]));
  const one = new Widget(
    optionsOf((name) => said[name]),
    {
      face: { ...face, problem: (error, button) => log.push(`problem ${error.code} ${button}`) },
      keep: (response) => {
        held = response;
      },
      tell: (name, ...values) => log.push(["told", name, ...values].join(" ")),
      async earn(signal) {
        const outcome = outcomes.shift() ?? { response: "r1", expiresInMs: 1000 };
        const earned = await (typeof outcome === "function" ? outcome(signal) : outcome);
        if (earned instanceof Error) throw earned;
        return earned;
      },
      seen: () => looks,
      now: () => now,
    },
  );
  made.push(one);
  return one;
}

async function pass(ms) {
  now += ms;
  mock.timers.tick(ms);
  await settle();
}

const lost = new ChallengeError("connection");
const late = new ChallengeError("expired");

test("begins when it is seen, and holds what comes", async () => {
  let see;
  looks = new Promise((resolve) => {
    see = resolve;
  });
  const one = widget();
  one.begin();
  await settle();
  assert.deepEqual(log, []);
  see();
  await settle();
  assert.deepEqual(log, ["working false", "ready", "told verified r1"]);
  assert.deepEqual([held, one.response, one.isExpired()], ["r1", "r1", false]);
});

test("execution=execute: begins when it is told to, and works once for all who ask", async () => {
  const one = widget({ execution: "execute" });
  one.begin();
  await settle();
  assert.deepEqual(log, []);
  const both = await Promise.all([one.get(), one.get()]);
  assert.deepEqual(both, ["r1", "r1"]);
  assert.equal(await one.get(), "r1");
  assert.equal(log.filter((line) => line.startsWith("working")).length, 1);
});

test("what has ended is told, is nowhere any more, and comes anew by itself, quietly", async () => {
  outcomes.push({ response: "r1", expiresInMs: 1000 }, { response: "r2", expiresInMs: 1000 });
  const one = widget();
  one.begin();
  await settle();
  log.length = 0;
  await pass(999);
  assert.deepEqual([log, held], [[], "r1"]);
  await pass(1);
  assert.deepEqual(log.slice(0, 3), ["expired false", "told expired r1", "working true"]);
  assert.deepEqual([held, one.isExpired()], ["r2", false]);
});

for (const [how, button] of [
  ["manual", true],
  ["never", false],
]) {
  test(`refresh-expired=${how}: waits for a person, or for the page`, async () => {
    const one = widget({ "refresh-expired": how });
    one.begin();
    await settle();
    log.length = 0;
    await pass(1000);
    assert.deepEqual(log, [`expired ${button}`, "told expired r1"]);
    assert.deepEqual([held, one.isExpired()], ["", true]);
    await one.get();
    assert.deepEqual([held, one.isExpired()], ["r1", false]);
  });
}

test("a response that ended while the device slept is not given away", async () => {
  const one = widget();
  outcomes.push({ response: "r1", expiresInMs: 1000 }, { response: "r2", expiresInMs: 1000 });
  await one.get();
  now += 5000;
  assert.equal(one.isExpired(), true);
  assert.equal(await one.get(), "r2");
  assert.equal(log.filter((line) => line === "told expired r1").length, 1);
});

test("a lost connection is told, and tried again after ever longer pauses", async () => {
  outcomes.push(lost, lost, lost);
  const one = widget({ "retry-interval": "100" });
  one.begin();
  await settle();
  assert.deepEqual(log, ["working false", "problem connection true", "told error connection"]);
  for (const ms of [100, 200, 400]) {
    log.length = 0;
    await pass(ms - 1);
    assert.deepEqual(log, []);
    await pass(1);
    assert.equal(log[0], "working true");
  }
  assert.equal(one.response, "r1");
  assert.equal(one.failures, 0);
});

test("pauses never get longer than five minutes", async () => {
  outcomes.push(...Array(12).fill(lost));
  const one = widget({ "retry-interval": "200000" });
  one.begin();
  await settle();
  await pass(200_000);
  for (let i = 0; i < 11; i++) await pass(300_000);
  assert.equal(one.response, "r1");
});

for (const [name, said, error] of [
  ["retry=never", { retry: "never" }, lost],
  ["a refusal", {}, new ChallengeError("banned", { status: 403 })],
  ["a mistake of the page", {}, new ChallengeError("sitekey_unknown", { status: 400 })],
]) {
  test(`${name} is not tried again by itself, only by a person`, async () => {
    outcomes.push(error);
    const one = widget(said);
    one.begin();
    await settle();
    await pass(10_000_000);
    assert.equal(one.response, "");
    assert.equal(await one.get(), "r1");
  });
}

test("control: an error of the server is", async () => {
  outcomes.push(new ChallengeError("unexpected_answer", { status: 502 }));
  const one = widget();
  one.begin();
  await settle();
  await pass(8000);
  assert.equal(one.response, "r1");
});

test("work that came too late is told and done again, three times at most", async () => {
  outcomes.push(late, late);
  const one = widget();
  assert.equal(await one.get(), "r1");
  assert.equal(log.filter((line) => line === "told timeout").length, 2);
  outcomes.push(late, late, late);
  one.reset();
  await settle();
  assert.equal(log.filter((line) => line === "told timeout").length, 5);
  assert.ok(log.includes("problem expired true"));
  await pass(10_000_000);
  assert.equal(one.response, "");
});

for (const [how, button] of [
  ["manual", true],
  ["never", false],
]) {
  test(`refresh-timeout=${how}`, async () => {
    outcomes.push(late);
    const one = widget({ "refresh-timeout": how });
    await assert.rejects(one.get(), { code: "expired" });
    assert.deepEqual(log.slice(1), [
      "told timeout",
      `problem expired ${button}`,
      "told error expired",
    ]);
  });
}

test("a reset stops the work, forgets the response, and begins again", async () => {
  let stopped;
  outcomes.push(
    (signal) =>
      new Promise(() => {
        stopped = signal;
      }),
  );
  const one = widget();
  const first = one.get();
  await settle();
  one.reset();
  await assert.rejects(first, { name: "AbortError" });
  await settle();
  assert.equal(stopped.aborted, true);
  assert.ok(!log.some((line) => line.startsWith("problem")));
  assert.deepEqual([held, one.response], ["r1", "r1"]);
  one.reset();
  assert.deepEqual([held, one.response], ["", ""]);
});

test("a reset ends the retry and the ending of what was", async () => {
  outcomes.push(lost);
  const one = widget({ execution: "execute" });
  await assert.rejects(one.get(), { code: "connection" });
  one.reset();
  await pass(10_000_000);
  assert.equal(one.response, "");
  await one.get();
  one.reset();
  log.length = 0;
  await pass(10_000_000);
  assert.deepEqual(log, []);
});

test("an old run that ends after a reset changes nothing", async () => {
  let finish;
  outcomes.push(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  const one = widget({ execution: "execute" });
  one.get().catch(() => {});
  await settle();
  one.reset();
  finish({ response: "old", expiresInMs: 1000 });
  await settle();
  assert.deepEqual([held, one.running], ["", undefined]);
  assert.equal(await one.get(), "r1");
});

test("the end of an old run does not let two new ones work at a time", async () => {
  const finish = [];
  const slow = () => new Promise((resolve) => finish.push(resolve));
  outcomes.push(slow, slow, slow);
  const one = widget({ execution: "execute" });
  one.get().catch(() => {});
  await settle();
  one.reset();
  const second = one.get();
  await settle();
  assert.equal(one.get(), second);
  assert.equal(finish.length, 2);
  finish[1]({ response: "r2", expiresInMs: 1000 });
  assert.equal(await second, "r2");
});
