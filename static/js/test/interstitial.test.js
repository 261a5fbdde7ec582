import assert from "node:assert/strict";
import { test } from "node:test";
import { openPage } from "../src/interstitial.js";
import { alone } from "../src/lock.js";
import { fakeLocks, settle } from "./fakes.js";

const PUZZLE = { kind: "sha256", count: 2, threshold: "ffffffffffffffff" };
const QUOTE = { challenge: "c1", puzzle: PUZZLE, budget: 5, wait_ms: 0, expires_in: 120 };
const GRANT = { token: "t", budget: 5, remaining: 5, not_before_ms: 0, expires_in: 1800 };
const TEXTS = {
  ...{ textInsecure: "insecure", textCookies: "cookies", textConnection: "connection" },
  ...{ textBusy: "busy", textRefused: "refused", textFailed: "failed" },
};

/** Shows one interstitial to fakes; `answers` maps "METHOD path" to what the server says, in order. */
function show(answers, { page, around, reloads } = {}) {
  const seen = [];
  const [calls, bodies, prepared] = [[], [], []];
  const face = {
    working: () => seen.push("working"),
    solving: () => ({ onProgress: () => undefined, onSlow: () => seen.push("slow") }),
    queue: (ms, more) => seen.push(more ? `queue ${ms}, more in ${more}` : `queue ${ms}`),
    ready: () => seen.push("ready"),
    problem: (text, code) => seen.push(`problem ${text} ${code}`),
  };
  let clock = 0;
  const left = new AbortController();
  const surroundings = {
    ...{ secure: true, cookies: true, visible: async () => seen.push("visible") },
    reload: () => seen.push("reload"),
    leaving: () => left.signal,
    alone: (_site, work) => work(),
    prove: async () => undefined,
    findEngine: (url) => prepared.push(["engine", url, calls.length]),
    startWorkers(url) {
      prepared.push(["workers", url, calls.length]);
      return () => prepared.push(["dismissed", calls.length]);
    },
    solve: async () => [1, 2],
    reloads: {
      ...{ looping: () => false, returning: () => false, stubborn: () => false, pauseMs: () => 0 },
      stuck: () => seen.push("stuck"),
      note: (bought) => seen.push(`note ${bought}`),
      ...reloads,
    },
    http: {
      now: () => clock,
      async sleep(ms) {
        if (ms > 0) seen.push(`sleep ${ms}`);
        clock += ms;
      },
      async fetch(url, { method = "GET", body: sent }) {
        const call = `${method} ${url.replace("/p/v1/", "")}`;
        calls.push(call);
        bodies.push(sent && JSON.parse(sent));
        const [status, body, headers] = answers[call]?.shift() ?? [404, { code: "none" }];
        return new Response(JSON.stringify(body), { status, headers });
      },
    },
    ...around,
  };
  const given = {
    ...{ prefix: "/p", site: "main", resource: "/a", scriptUrl: "/s.js" },
    ...{ units: 1, ...page },
  };
  const done = openPage(given, face, TEXTS, surroundings);
  return { done, seen, calls, bodies, prepared, leave: () => left.abort() };
}

const reading = (remaining, not_before_ms = 0) => [
  200,
  { remaining, budget: 5, not_before_ms, expires_in: 1000 },
];
const bought = () => ({ "POST challenges": [[201, QUOTE]], "POST clearances": [[201, GRANT]] });
const READ = "GET clearance";

test("no clearance: solves, notes that it bought, reloads once", async () => {
  const run = show(bought());
  await run.done;
  assert.deepEqual(run.seen, ["working", "note true", "ready", "reload"]);
  assert.deepEqual(run.prepared, [
    ["engine", "/s.js", 0], // before the first call: nothing waits for it,
    ["workers", "/s.js", 1], // and for these nothing but what the visitor has.
    ["dismissed", 2],
  ]);
  assert.deepEqual(run.calls, [READ, "POST challenges", "POST clearances"]);
});

test("another tab has bought: reloads without solving, and it counts as no purchase", async () => {
  const run = show({ [READ]: [reading(3)] });
  await run.done;
  assert.deepEqual(run.seen, ["working", "stuck", "note false", "ready", "reload"]);
  assert.deepEqual(run.calls, [READ]);
  assert.equal(run.prepared.length, 1, "thirty tabs start no workers for one purchase");
});

test("another tab has bought for later: waits in the queue instead of solving", async () => {
  const run = show({ [READ]: [reading(3, 40_000), reading(3)] });
  await run.done;
  assert.deepEqual(run.calls, [READ, READ]);
  assert.ok(run.seen.includes("queue 40000"));
  assert.equal(run.seen.at(-1), "reload");
});

test("fewer units than the page costs: buys", async () => {
  const run = show({ [READ]: [reading(3)], ...bought() }, { page: { units: 4 } });
  await run.done;
  assert.equal(run.calls.length, 3);
  assert.equal(run.bodies[1].units, 4);
  assert.ok(run.seen.includes("note true"));
});

test("a short queue: says how long, then says the work goes on", async () => {
  const full = [429, { code: "band_empty" }, { "Retry-After": "40" }];
  const run = show({ "POST challenges": [[201, QUOTE]], "POST clearances": [full, [201, GRANT]] });
  await run.done;
  assert.deepEqual(run.seen, [
    ...["working", "queue 40000", "sleep 40000", "working"],
    ...["note true", "ready", "reload"],
  ]);
});

test("no place in the queue yet: says when there is more, not when it asks again", async () => {
  const full = [429, { code: "network_busy", opens_in_ms: 615_000 }, { "Retry-After": "15" }];
  const later = [201, { ...GRANT, not_before_ms: 600_000 }];
  const run = show({ "POST challenges": [[201, QUOTE]], "POST clearances": [full, later] });
  await run.done;
  const queues = run.seen.filter((text) => text.startsWith("queue"));
  assert.deepEqual(queues, ["queue 15000, more in 615000", "queue 600000"]);
});

test("a queue longer than the challenge lives: works again only when somebody looks", async () => {
  const full = [429, { code: "band_empty" }, { "Retry-After": "300" }];
  const run = show({
    "POST challenges": [
      [201, QUOTE],
      [201, QUOTE],
    ],
    "POST clearances": [full, [201, GRANT]],
  });
  await run.done;
  assert.deepEqual(run.seen.slice(1, 5), ["queue 300000", "sleep 300000", "visible", "working"]);
  assert.equal(run.seen.at(-1), "reload");
});

test("bought for later: queues and then reloads", async () => {
  const later = [201, { ...GRANT, not_before_ms: 9000 }];
  const run = show({ "POST challenges": [[201, QUOTE]], "POST clearances": [later] });
  await run.done;
  assert.deepEqual(run.seen.slice(1), [
    ...["queue 9000", "sleep 9000", "working"],
    ...["note true", "ready", "reload"],
  ]);
});

for (const [name, around, code] of [
  ["insecure http", { secure: false }, "insecure"],
  ["cookies off", { cookies: false }, "cookies"],
]) {
  test(`${name}: says so and does not even ask`, async () => {
    const run = show(bought(), { around });
    await run.done;
    assert.deepEqual(run.seen, ["working", `problem ${code} ${code}`]);
    assert.deepEqual(run.calls, []);
  });
}

test("clearances that did not stick: says cookies", async () => {
  const run = show(bought(), { reloads: { looping: () => true } });
  await run.done;
  assert.deepEqual(run.seen, ["working", "problem cookies cookies"]);
  assert.deepEqual(run.calls, [READ]);
});

test("clearances that did not stick once, but there is one now: no problem", async () => {
  const run = show({ [READ]: [reading(1)] }, { reloads: { looping: () => true } });
  await run.done;
  assert.equal(run.seen.at(-1), "reload");
});

test("the page came back often: pauses before the next reload, not before a purchase", async () => {
  const reloads = { pauseMs: () => 2000 };
  const run = show({ [READ]: [reading(1)] }, { reloads });
  await run.done;
  assert.deepEqual(run.seen.slice(2, 4), ["sleep 2000", "note false"]);
  const buying = show(bought(), { reloads });
  await buying.done;
  assert.ok(!buying.seen.includes("sleep 2000"));
});

test("it came back although there are units: buys; and at the very end gives up", async () => {
  const run = show({ [READ]: [reading(2)], ...bought() }, { reloads: { stubborn: () => true } });
  await run.done;
  assert.ok(run.seen.includes("note true"));
  const last = show(bought(), { reloads: { returning: () => true } });
  await last.done;
  assert.deepEqual(last.seen, ["working", "problem failed returning"]);
});

for (const [status, code, text] of [
  [403, "banned", "refused"],
  [400, "unsolved", "failed"],
  [500, "internal", "failed"],
]) {
  test(`${status} ${code}: says ${text}`, async () => {
    const run = show({ ...bought(), "POST clearances": [[status, { code }]] });
    await run.done;
    assert.equal(run.seen.at(-1), `problem ${text} ${code}`);
  });
}

test("a server that stays busy: says so, after having tried", async () => {
  const busy = Array(5).fill([503, { code: "store" }]);
  const run = show({ ...bought(), "POST clearances": busy });
  await run.done;
  assert.equal(run.seen.at(-1), "problem busy store");
});

test("a page that is left stops without a word and frees the lock", async () => {
  const locks = fakeLocks();
  const options = {
    around: {
      alone: (site, work, signal) => alone(site, work, signal, locks),
      solve: () => new Promise(() => {}),
    },
  };
  const run = show(bought(), options);
  await settle();
  assert.equal(locks.isHeld("challenge-main"), true);
  run.leave();
  await run.done;
  await settle();
  assert.equal(locks.isHeld("challenge-main"), false);
  assert.deepEqual(run.seen, ["working"]);
});
