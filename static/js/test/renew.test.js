import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { keepRenewed, startRenewal } from "../src/renew.js";
import { settle } from "./fakes.js";

const PUZZLE = { kind: "sha256", count: 2, threshold: "ffffffffffffffff" };
const QUOTE = { challenge: "c1", puzzle: PUZZLE, budget: 5, wait_ms: 0, expires_in: 120 };
const GRANT = { token: "t", budget: 5, remaining: 5, not_before_ms: 0, expires_in: 1800 };
const READ = "GET clearance";
const BUY = ["POST challenges", "POST clearances"];

beforeEach(() => {
  globalThis.location = { pathname: "/a", search: "" };
});
afterEach(() => {
  delete globalThis.location;
});

/** A promise that a test opens by hand. */
function door(isOpen = true) {
  let open;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  if (isOpen) open();
  return { open, wait: () => opened };
}

/** One gated page among fakes. */
function page({ remaining = 1, expiresIn = 1500, answers = {}, ...around } = {}) {
  const [calls, events, slept, solved, locked] = [[], [], [], [], []];
  const [active, seen, sleep] = [around.active ?? door(), around.seen ?? door(), around.sleep];
  let restored;
  let left;
  const server = { [BUY[0]]: [[201, QUOTE]], [BUY[1]]: [[201, GRANT]], ...answers };
  const surroundings = {
    ...{ activated: active.wait, visible: seen.wait },
    leaving() {
      left = new AbortController();
      return left.signal;
    },
    onRestored: (back) => {
      restored = back;
    },
    announce: (name, detail) => events.push([name, detail]),
    async alone(site, work) {
      locked.push(site);
      return work();
    },
    prove: async () => undefined,
    solve: async (...given) => {
      solved.push(given);
      return around.solve ? around.solve(...given) : [1, 2];
    },
    http: {
      now: () => 0,
      async sleep(ms) {
        slept.push(ms);
        await sleep?.wait();
      },
      async fetch(url, { method = "GET" }) {
        const call = `${method} ${url.replace("/p/v1/", "")}`;
        calls.push(call);
        const [status, body, headers] = server[call]?.shift() ?? [404, { code: "none" }];
        return new Response(JSON.stringify(body), { status, headers });
      },
    },
  };
  const given = { prefix: "/p", site: "main", scriptUrl: "/s.js", remaining, expiresIn };
  const done = keepRenewed(given, surroundings);
  const run = { done, calls, events, slept, solved, locked };
  return { ...run, restore: () => restored(), leave: () => left.abort() };
}

const reading = (remaining, expires_in = 1500) => [
  200,
  { remaining, budget: 5, not_before_ms: 0, expires_in },
];

for (const [name, given] of [
  ["one unit", { remaining: 1 }],
  ["no unit", { remaining: 0 }],
  ["less than 120 s", { remaining: 9, expiresIn: 119 }],
  ["nothing that can be read", { remaining: Number.NaN }],
]) {
  test(`${name} left: renews under the lock with one worker`, async () => {
    const run = page(given);
    await run.done;
    assert.deepEqual(run.calls, [READ, ...BUY]);
    assert.deepEqual(run.locked, ["main"]);
    assert.equal(run.solved[0][0], "/s.js");
    assert.equal(run.solved[0][3].workers, 1);
    assert.deepEqual(run.events, [
      ["statechange", { state: "working" }],
      ["verified", undefined],
    ]);
  });
}

test("enough left: waits until 120 s are left, then renews once", async () => {
  const sleep = door(false);
  const run = page({ remaining: 2, expiresIn: 1500, sleep });
  await settle();
  assert.deepEqual(run.calls, []);
  assert.deepEqual(run.slept, [1_381_000]);
  sleep.open();
  await run.done;
  assert.deepEqual(run.calls, [READ, ...BUY]);
});

test("another tab has renewed meanwhile: nothing is asked", async () => {
  const run = page({ answers: { [READ]: [reading(5)] } });
  await run.done;
  assert.deepEqual(run.calls, [READ]);
  assert.deepEqual(run.events, []);
});

for (const [name, again] of [
  ["one unit", reading(1)],
  ["119 s", reading(9, 119)],
]) {
  test(`another tab has left ${name}: renews`, async () => {
    const run = page({ answers: { [READ]: [again] } });
    await run.done;
    assert.deepEqual(run.calls, [READ, ...BUY]);
  });
}

for (const [name, first, second] of [
  ["prerendering", "seen", "active"],
  ["hidden", "active", "seen"],
]) {
  test(`not while ${name}; and looks only then`, async () => {
    const doors = { active: door(false), seen: door(false) };
    const run = page(doors);
    await settle();
    doors[first].open();
    await settle();
    assert.deepEqual([run.calls, run.locked], [[], []]);
    doors[second].open();
    await run.done;
    assert.deepEqual(run.calls, [READ, ...BUY]);
  });
}

test("a failure is an event and nothing else", async () => {
  const run = page({ answers: { [BUY[1]]: [[403, { code: "banned" }]] } });
  await run.done;
  assert.deepEqual(run.events.at(-1), ["error", { code: "banned" }]);
});

test("a queue is waited in while the challenge lives, and then left to the next page", async () => {
  const full = (seconds) => [429, { code: "band_empty" }, { "Retry-After": `${seconds}` }];
  const short = page({ answers: { [BUY[1]]: [full(30), [201, GRANT]] } });
  await short.done;
  assert.deepEqual(short.slept, [30_000]);
  assert.deepEqual(short.events.at(-1), ["verified", undefined]);
  const long = page({ answers: { [BUY[1]]: [full(300)] } });
  await long.done;
  assert.deepEqual([long.slept, long.solved.length], [[], 1]);
  assert.deepEqual(long.events.at(-1), ["error", { code: "band_empty" }]);
});

test("restored from the back-forward cache: looks, and renews if it must", async () => {
  const enough = page({ answers: { [READ]: [reading(5), reading(3)] } });
  await enough.done;
  await enough.restore();
  assert.deepEqual(enough.calls, [READ, READ]);
  const used = page({ answers: { [READ]: [reading(5), reading(1)] } });
  await used.done;
  await used.restore();
  assert.deepEqual(used.calls, [READ, READ, ...BUY]);
});

test("one renewal at a time", async () => {
  const seen = door(false);
  const run = page({ seen });
  run.restore();
  run.restore();
  seen.open();
  await run.done;
  await settle();
  assert.deepEqual(run.calls, [READ, ...BUY]);
});

test("left in the middle of a wait and restored: begins again, without a word of the first", async () => {
  const full = [429, { code: "band_empty" }, { "Retry-After": "30" }];
  const sleep = door(false);
  const run = page({
    sleep,
    answers: { [BUY[0]]: [[201, QUOTE]], [BUY[1]]: [full], [READ]: [reading(1), reading(5)] },
  });
  await settle();
  assert.deepEqual(run.slept, [30_000]);
  run.leave();
  await run.done;
  await run.restore();
  assert.deepEqual(run.calls, [READ, ...BUY, READ]);
  assert.ok(!run.events.some(([name]) => name === "error"));
});

test("a page that is not gated is left alone", () => {
  const before = Object.keys(globalThis);
  // Any look at the page would fail here: there is no document.
  assert.equal(startRenewal({ prefix: "/p", site: "main" }, "/s.js"), undefined);
  assert.deepEqual(Object.keys(globalThis), before);
});
