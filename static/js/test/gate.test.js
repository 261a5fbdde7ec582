import assert from "node:assert/strict";
import { test } from "node:test";
import { admit, textFor } from "../src/admission.js";
import { queueMs } from "../src/client.js";
import { ChallengeError, codeOf } from "../src/errors.js";
import { openField } from "../src/gate/open.js";
import { alone } from "../src/lock.js";
import { fakeLocks, settle } from "./fakes.js";

const PUZZLE = { kind: "sha256", count: 2, threshold: "ffffffffffffffff" };
const QUOTE = { challenge: "c1", puzzle: PUZZLE, budget: 5, wait_ms: 0, expires_in: 120 };
const GRANT = { token: "t", budget: 5, remaining: 5, not_before_ms: 0, expires_in: 1800 };
const ASK = "POST challenges";
const REDEEM = "POST clearances";

const FIELD = { url: "/ada/contact", resource: "/ada/contact", scriptUrl: "/s.js" };
const SITE = { prefix: "/p", site: "main" };
const shown = (remaining = 4) => ({ status: 200, content: ["details"], remaining });
const interstitial = (units = 1) => ({
  status: 403,
  refusal: { page: { ...SITE, units }, words: { textCookies: "cookies" } },
});
const queued = (retryAfterMs) => ({ status: 429, retryAfterMs, refusal: { words: {} } });
const closed = { status: 403, refusal: { words: { textRefused: "Closed." } } };

/**
 * Presses a gate; `fields` are the answers to its own request, in order (the last one for ever),
 * `answers` those of the API.
 */
function press(fields, { answers = {}, field, around } = {}) {
  const [seen, calls, bodies, asked, renewed] = [[], [], [], [], []];
  const texts = { textConnection: "connection", textFailed: "failed" };
  const say =
    (name) =>
    (...given) =>
      seen.push([name, ...given.filter((value) => value !== undefined)].join(" "));
  const face = {
    ...{ working: say("working"), queue: say("queue"), ready: say("ready"), idle: say("idle") },
    ...{ problem: say("problem"), solving: () => ({ onProgress() {}, onSlow() {} }) },
  };
  const panel = {
    ...{ face, texts, reveal: say("reveal") },
    learn: (refusal) => Object.assign(texts, refusal.words),
  };
  let clock = 0;
  const left = new AbortController();
  const surroundings = {
    ...{ secure: true, cookies: true, visible: async () => undefined },
    ...{ admit, textFor, queueMs, codeOf, ChallengeError },
    leaving: () => left.signal,
    alone: (_site, work) => work(),
    prove: async () => undefined,
    findEngine() {},
    startWorkers: () => () => {},
    solve: async () => [1, 2],
    renew: (...given) => renewed.push(given),
    async ask(wanted) {
      asked.push(wanted.url);
      const answer = fields.length > 1 ? fields.shift() : fields[0];
      if (answer instanceof Error) throw answer;
      return answer;
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
  const done = openField({ ...FIELD, ...SITE, ...field }, panel, surroundings);
  return { done, seen, calls, bodies, asked, renewed, leave: () => left.abort() };
}

const reading = (remaining, not_before_ms = 0) => [
  200,
  { remaining, budget: 5, not_before_ms, expires_in: 1000 },
];
const times = (count, answer) => Array.from({ length: count }, () => answer);
const selling = (count = 9) => ({
  [ASK]: times(count, [201, QUOTE]),
  [REDEEM]: times(count, [201, GRANT]),
});
const READ = "GET clearance";

test("a visitor with a clearance: the field is revealed, and the API is not asked", async () => {
  const run = press([shown()]);
  await run.done;
  assert.deepEqual(run.seen, ["working", "reveal details", "ready"]);
  assert.deepEqual(run.calls, []);
  assert.deepEqual(run.asked, ["/ada/contact"]);
});

test("refused: buys for the field's path and units, and asks again", async () => {
  const run = press([interstitial(4), shown()], { answers: selling() });
  await run.done;
  assert.deepEqual(run.seen, ["working", "reveal details", "ready"]);
  assert.deepEqual(run.calls, [READ, ASK, REDEEM]);
  assert.deepEqual(run.bodies[1], { resource: "/ada/contact", units: 4 });
  assert.equal(run.asked.length, 2);
});

test("another gate has bought meanwhile: asks again without buying", async () => {
  const run = press([interstitial(), shown()], { answers: { [READ]: [reading(5)] } });
  await run.done;
  assert.deepEqual(run.calls, [READ]);
  assert.equal(run.seen.at(-1), "ready");
});

test("the others were faster again and again: pauses, and buys at last", async () => {
  const answers = { ...selling(), [READ]: times(3, reading(5)) };
  const run = press([...times(3, interstitial()), shown()], { answers });
  await run.done;
  assert.deepEqual(run.calls, [READ, READ, READ, ASK, REDEEM]);
  assert.deepEqual(
    run.seen.filter((text) => text.startsWith("sleep")),
    ["sleep 500"],
  );
  assert.equal(run.seen.at(-1), "ready");
});

test("refused whatever it does: gives up after three rounds", async () => {
  const answers = { ...selling(), [READ]: times(9, reading(5)) };
  const run = press([interstitial()], { answers });
  await run.done;
  assert.equal(run.asked.length, 4);
  assert.equal(run.seen.at(-1), "problem failed returning");
  assert.equal(run.calls.filter((call) => call === REDEEM).length, 1);
});

test("clearances that do not stick: says so after the second", async () => {
  const run = press([interstitial()], { answers: selling() });
  await run.done;
  assert.equal(run.calls.filter((call) => call === REDEEM).length, 2);
  assert.equal(run.seen.at(-1), "problem cookies cookies");
});

for (const [name, named, waited] of [
  ["as long as it is told", 40_000, 40_000],
  ["at least a second", 0, 1000],
  ["ten when nothing is named", Number.NaN, 10_000],
]) {
  test(`a queue: waits ${name}, then asks again`, async () => {
    const run = press([queued(named), shown()]);
    await run.done;
    assert.deepEqual(run.seen, [
      ...["working", `queue ${waited}`, `sleep ${waited}`, "working"],
      ...["reveal details", "ready"],
    ]);
    assert.deepEqual(run.calls, []);
  });
}

test("a queue without a place: says when there is more", async () => {
  const full = { status: 429, retryAfterMs: 40_000, refusal: { words: {}, more: true } };
  const run = press([full, shown()]);
  await run.done;
  assert.equal(run.seen[1], "queue 40000 40000");
});

test("a queue is no round: it may come as often as it likes", async () => {
  const run = press([...times(20, queued(1000)), shown()]);
  await run.done;
  assert.equal(run.seen.at(-1), "ready");
});

test("closed to this network: says what the page says, and asks for nothing", async () => {
  const run = press([closed]);
  await run.done;
  assert.deepEqual(run.seen, ["working", "problem Closed. banned"]);
  assert.deepEqual(run.calls, []);
});

for (const status of [403, 404, 500]) {
  test(`${status} without a word: says that it failed`, async () => {
    const run = press([{ status }]);
    await run.done;
    assert.deepEqual(run.seen, ["working", "problem failed unexpected_answer"]);
  });
}

test("plain http: says so, but only when a clearance is wanted", async () => {
  const around = { secure: false };
  const refused = press([interstitial()], { around });
  await refused.done;
  assert.equal(refused.seen.at(-1), "problem failed insecure");
  const admitted = press([shown()], { around });
  await admitted.done;
  assert.equal(admitted.seen.at(-1), "ready");
});

test("renews by what is left, for the site that the script or a refusal names", async () => {
  const plain = press([shown(1)]);
  await plain.done;
  assert.equal(plain.renewed[0][0].prefix, "/p");
  assert.equal(plain.renewed[0][1], 1);
  const unknown = { field: { prefix: "", site: "" } };
  const nowhere = press([shown(1)], unknown);
  await nowhere.done;
  assert.deepEqual(nowhere.renewed, []);
  const told = press([interstitial(), shown(0)], { answers: selling(), ...unknown });
  await told.done;
  assert.equal(told.renewed[0][0].site, "main");
});

test("a page that is left frees the lock, and shows the button to who comes back", async () => {
  const locks = fakeLocks();
  const around = {
    alone: (site, work, signal) => alone(site, work, signal, locks),
    solve: () => new Promise(() => {}),
  };
  const run = press([interstitial(), shown()], { answers: selling(), around });
  await settle();
  assert.equal(locks.isHeld("challenge-main"), true);
  run.leave();
  await run.done;
  await settle();
  assert.equal(locks.isHeld("challenge-main"), false);
  assert.deepEqual(run.seen, ["working", "idle"]);
});

test("two gates pressed at once: one sale; the control, without the lock, makes two", async () => {
  const sales = async (lock) => {
    const server = { known: false, sales: 0 };
    const around = {
      alone: lock,
      solve: () => settle().then(() => [1, 2]),
      http: {
        ...{ now: () => 0, sleep: async () => undefined },
        async fetch(url) {
          await settle(2);
          if (url.endsWith("/challenges")) return Response.json(QUOTE, { status: 201 });
          if (url.endsWith("/clearance")) {
            return server.known ? Response.json(GRANT) : Response.json({}, { status: 404 });
          }
          server.known = true;
          server.sales++;
          return Response.json(GRANT, { status: 201 });
        },
      },
    };
    const runs = [0, 1].map(() => press([interstitial(), shown()], { around }));
    await Promise.all(runs.map((run) => run.done));
    assert.deepEqual(
      runs.map((run) => run.seen.at(-1)),
      ["ready", "ready"],
    );
    return server.sales;
  };
  const locks = fakeLocks();
  assert.equal(await sales((site, work, signal) => alone(site, work, signal, locks)), 1);
  assert.equal(await sales((_site, work) => work()), 2);
});
