import assert from "node:assert/strict";
import { test } from "node:test";
import { obtainClearance } from "../src/client.js";
import { ChallengeError } from "../src/errors.js";

const PUZZLE = { kind: "sha256", count: 2, threshold: "ffffffffffffffff" };
const quote = (more) => [
  201,
  { challenge: "c1", puzzle: PUZZLE, budget: 5, wait_ms: 0, expires_in: 120, ...more },
];
const GRANT = [201, { token: "t", budget: 5, remaining: 5, not_before_ms: 0, expires_in: 1800 }];
const DROPPED = "dropped";
const problem = (status, code, more, headers) => [status, { code, ...more }, headers];

/**
 * Plays `script` to the client: answers of the two POSTs in order; those of GET /clearance come from
 * `readings` (404 when they are used up). The clock moves only when it sleeps, waits or solves.
 */
function play(script, options = {}) {
  const { solveMs = 0, readings = [], enough = 1, waited = false, ...more } = options;
  let clock = 1000;
  const [calls, slept, waits, solved, log] = [[], [], [], [], []];
  const around = {
    now: () => clock,
    async sleep(ms) {
      slept.push(ms);
      clock += ms;
    },
    async fetch(url, init) {
      log.push(`${init.method ?? "GET"} ${url}`);
      if (url === "/gate/v1/clearance") return answer(readings.shift() ?? problem(404, "none"));
      calls.push({ url, init, at: clock });
      assert.ok(script.length > 0, `an unexpected call of ${url}`);
      return answer(script.shift());
    },
  };
  const promise = obtainClearance({
    ...{ prefix: "/gate", resource: "/people/ada", around },
    solve: async (challenge, puzzle) => {
      solved.push({ challenge, puzzle });
      clock += solveMs;
      return [11, 22];
    },
    wait: async (turn) => {
      waits.push(turn);
      clock += turn.waitMs;
    },
    enoughIn: (reading) => (reading?.remaining >= enough ? reading.not_before_ms : undefined),
    alone: (work) => work(waited),
    ...more,
  });
  return { promise, calls, slept, solved, waits, log, left: script };
}

function answer(step) {
  if (step === DROPPED) throw new TypeError("fetch failed");
  const [status, body, headers] = step;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Response(text, { status, headers });
}

const reading = (remaining, more) => [
  200,
  { remaining, budget: 5, not_before_ms: 0, expires_in: 1800, ...more },
];
const redeems = (calls) => calls.filter(({ url }) => url === "/gate/v1/clearances");
const asks = (calls) => calls.filter(({ url }) => url === "/gate/v1/challenges");
const bodies = (calls) => redeems(calls).map(({ init }) => init.body);
const queue = (seconds) =>
  problem(429, "band_empty", {}, seconds === undefined ? {} : { "Retry-After": `${seconds}` });

test("looks, asks, solves, redeems", async () => {
  const run = play([quote(), GRANT]);
  assert.equal(await run.promise, true);
  assert.deepEqual(run.log, [
    "GET /gate/v1/clearance",
    "POST /gate/v1/challenges",
    "POST /gate/v1/clearances",
  ]);
  assert.deepEqual(JSON.parse(run.calls[0].init.body), { resource: "/people/ada" });
  assert.deepEqual(JSON.parse(run.calls[1].init.body), { challenge: "c1", answers: [11, 22] });
  assert.deepEqual(run.solved, [{ challenge: "c1", puzzle: PUZZLE }]);
  for (const { init } of run.calls) {
    assert.equal(init.method, "POST");
    assert.equal(init.credentials, "same-origin");
    assert.equal(init.cache, "no-store");
    assert.equal(init.headers["Content-Type"], "application/json");
  }
  assert.equal(run.calls[1].init.keepalive, true, "the cookie of a redeem outlives the page");
});

test("what the visitor has will do: nothing is bought", async () => {
  const run = play([], { readings: [reading(3)] });
  assert.equal(await run.promise, false);
  assert.deepEqual([run.calls, run.waits], [[], []]);
});

test("what the visitor has will do later: waits without buying, and looks again", async () => {
  const readings = [reading(3, { not_before_ms: 40_000 }), reading(3)];
  const run = play([], { readings });
  assert.equal(await run.promise, false);
  assert.deepEqual(run.waits, [{ waitMs: 40_000 }]);
  assert.deepEqual(run.log, ["GET /gate/v1/clearance", "GET /gate/v1/clearance"]);
});

test("a clearance that can't be read for lack of an answer: nothing is bought", async () => {
  const run = play([quote(), GRANT], { readings: Array(5).fill(DROPPED) });
  await assert.rejects(run.promise, { code: "connection" });
  assert.equal(run.left.length, 2);
});

test("key and proof go with the answers, in the one body that every try sends", async () => {
  let signed = 0;
  const prove = async (challenge) => ({ key: { x: challenge }, proof: `p${++signed}` });
  const run = play([quote(), DROPPED, queue(2), GRANT], { prove });
  await run.promise;
  assert.deepEqual(JSON.parse(bodies(run.calls)[0]), {
    ...{ challenge: "c1", answers: [11, 22] },
    ...{ key: { x: "c1" }, proof: "p1" },
  });
  assert.equal(bodies(run.calls).length, 3);
  assert.equal(new Set(bodies(run.calls)).size, 1);
});

test("without a key there are neither key nor proof", async () => {
  const run = play([quote(), GRANT], { prove: async () => undefined });
  await run.promise;
  assert.deepEqual(Object.keys(JSON.parse(bodies(run.calls)[0])), ["challenge", "answers"]);
});

test("solves first and then waits the rest of wait_ms", async () => {
  const run = play([quote({ wait_ms: 500 }), GRANT], { solveMs: 180 });
  await run.promise;
  assert.deepEqual(run.slept, [320]);
});

test("does not wait when solving took longer than wait_ms", async () => {
  const run = play([quote({ wait_ms: 500 }), GRANT], { solveMs: 501 });
  await run.promise;
  assert.deepEqual(run.slept, []);
});

test("what the page costs goes with the question", async () => {
  const run = play([quote(), GRANT], { units: 4 });
  await run.promise;
  assert.deepEqual(JSON.parse(run.calls[0].init.body), { resource: "/people/ada", units: 4 });
});

test("sends the same bytes again after a drop, in_progress and 503", async () => {
  const run = play([
    quote(),
    DROPPED,
    problem(409, "in_progress"),
    problem(503, "busy", {}, { "Retry-After": "2" }),
    GRANT,
  ]);
  await run.promise;
  assert.equal(bodies(run.calls).length, 4);
  assert.equal(new Set(bodies(run.calls)).size, 1);
  assert.deepEqual(run.slept, [300, 600, 2000]);
});

test("gives up after five tries", async () => {
  const run = play([quote(), DROPPED, DROPPED, DROPPED, DROPPED, DROPPED, GRANT]);
  await assert.rejects(run.promise, { name: "ChallengeError", code: "connection" });
  assert.equal(redeems(run.calls).length, 5);
  assert.deepEqual(run.slept, [300, 600, 1200, 2400]);
});

test("a Retry-After beyond 10 s is not waited for", async () => {
  const run = play([quote(), problem(503, "busy", {}, { "Retry-After": "11" }), GRANT]);
  await assert.rejects(run.promise, { code: "busy", status: 503, retryAfterMs: 11_000 });
  assert.deepEqual(run.slept, []);
});

test("425 waits what the server says", async () => {
  const run = play([quote(), problem(425, "too_early", { retry_in_ms: 1234 }), GRANT]);
  await run.promise;
  assert.deepEqual(run.slept, [1234]);
});

for (const code of ["expired", "store_changed"]) {
  test(`${code}: asks again once, with a new solution`, async () => {
    const run = play([quote(), problem(403, code), quote({ challenge: "c2" }), GRANT]);
    assert.equal(await run.promise, true);
    assert.deepEqual(
      run.solved.map(({ challenge }) => challenge),
      ["c1", "c2"],
    );
    assert.equal(JSON.parse(run.calls[3].init.body).challenge, "c2");
  });
}

test("expired twice: gives up", async () => {
  const expired = problem(403, "expired");
  const run = play([quote(), expired, quote(), expired, quote(), GRANT]);
  await assert.rejects(run.promise, { code: "expired" });
  assert.equal(run.left.length, 2);
});

for (const [status, code] of [
  [409, "spent"],
  [400, "unsolved"],
  [500, "internal"],
]) {
  test(`${status} ${code} is final`, async () => {
    const run = play([quote(), problem(status, code), GRANT]);
    await assert.rejects(run.promise, { name: "ChallengeError", code, status });
    assert.deepEqual(run.slept, []);
  });
}

test("429 at redeem: waits, looks, and sends the same bytes again", async () => {
  const run = play([quote(), queue(40), queue(30), GRANT]);
  assert.equal(await run.promise, true);
  assert.deepEqual(
    run.waits.map(({ waitMs, lapses }) => [waitMs, lapses]),
    [
      [40_000, false],
      [30_000, false],
    ],
  );
  assert.equal(run.waits[0].cause.code, "band_empty");
  assert.equal(run.solved.length, 1);
  assert.equal(bodies(run.calls).length, 3);
  assert.equal(new Set(bodies(run.calls)).size, 1);
  assert.equal(run.log.filter((line) => line.startsWith("GET")).length, 3);
});

test("429 again and again: asks anew whenever the challenge has lapsed, and never gives up", async () => {
  const script = [];
  for (let i = 0; i < 6; i++) script.push(quote({ challenge: `c${i}` }), queue(70), queue(70));
  const run = play([...script, quote({ challenge: "last" }), GRANT]);
  assert.equal(await run.promise, true);
  assert.equal(run.solved.length, 7);
  assert.deepEqual(
    run.waits.slice(0, 4).map(({ lapses }) => lapses),
    [false, true, false, true],
  );
  assert.equal(JSON.parse(bodies(run.calls).at(-1)).challenge, "last");
});

test("429 at the ask: waits and asks again", async () => {
  const run = play([queue(40), quote(), GRANT]);
  assert.equal(await run.promise, true);
  assert.deepEqual([run.waits[0].waitMs, run.waits[0].lapses], [40_000, true]);
});

for (const [seconds, expected] of [
  [0, 1000],
  [1, 1000],
  [undefined, 10_000],
  [1e9, 600_000],
]) {
  test(`429 with Retry-After ${seconds}: the next try is ${expected} ms later`, async () => {
    const run = play([quote({ expires_in: 1e7 }), queue(seconds), GRANT]);
    await run.promise;
    assert.equal(run.waits[0].waitMs, expected);
  });
}

test("while it queued another tab has bought: nothing is sent again", async () => {
  const run = play([quote(), queue(40)], { readings: [problem(404, "none"), reading(5)] });
  assert.equal(await run.promise, false);
  assert.equal(redeems(run.calls).length, 1);
});

test("a queue is waited in without the lock, each turn is taken with it", async () => {
  let held = false;
  const alone = async (work) => {
    assert.equal(held, false);
    held = true;
    try {
      return await work();
    } finally {
      held = false;
    }
  };
  const wait = async () => assert.equal(held, false);
  const solve = async () => {
    assert.equal(held, true);
    return [1];
  };
  const run = play([quote(), queue(40), GRANT], { alone, wait, solve });
  assert.equal(await run.promise, true);
});

test("expired while it queued is forgiven each time", async () => {
  const expired = problem(403, "expired");
  const round = [quote(), queue(5), expired];
  const run = play([...round, ...round, ...round, quote(), GRANT]);
  // Every round: asked, queued, expired, asked once more in the same turn, queued ...
  assert.equal(await run.promise, true);
});

test("a wait of the quote that is long is sat out without the lock, and not solved for again", async () => {
  const run = play([quote({ wait_ms: 30_000 }), GRANT]);
  assert.equal(await run.promise, true);
  assert.deepEqual(run.waits, [{ waitMs: 30_000 }]);
  assert.equal(run.solved.length, 1);
  assert.deepEqual(run.slept, []);
});

test("bought for later: says so after the wait", async () => {
  const run = play([quote(), [201, { ...GRANT[1], not_before_ms: 12_000 }]]);
  assert.equal(await run.promise, true);
  assert.deepEqual(run.waits, [{ bought: true, waitMs: 12_000 }]);
});

test("key_required: asks as new, once, and redeems with the cookie", async () => {
  const lost = problem(403, "key_required");
  const run = play([quote(), lost, quote({ challenge: "c2" }), GRANT]);
  assert.equal(await run.promise, true);
  assert.deepEqual(
    run.calls.map(({ init }) => init.credentials),
    ["same-origin", "same-origin", "omit", "same-origin"],
  );
  const twice = play([quote(), lost, quote(), lost, quote(), GRANT]);
  await assert.rejects(twice.promise, { code: "key_required", status: 403 });
  assert.equal(twice.left.length, 2);
});

test("key_required and then a long queue: stays new when it asks again", async () => {
  const run = play([quote(), problem(403, "key_required"), quote(), queue(130), quote(), GRANT]);
  assert.equal(await run.promise, true);
  assert.deepEqual(
    asks(run.calls).map(({ init }) => init.credentials),
    ["same-origin", "omit", "omit"],
  );
});

test("stale: what the other tab bought will do", async () => {
  const readings = [problem(404, "none"), reading(5)];
  const run = play([quote(), problem(409, "stale")], { readings });
  assert.equal(await run.promise, false);
  assert.equal(asks(run.calls).length, 1);
});

test("stale: it is gone again, so asks again; then in pauses, and five times at most", async () => {
  const stale = problem(409, "stale");
  const run = play([quote(), stale, quote({ challenge: "c2" }), GRANT], { readings: [reading(0)] });
  assert.equal(await run.promise, true);
  assert.deepEqual(run.waits, []);
  assert.equal(JSON.parse(bodies(run.calls)[1]).challenge, "c2");
  const often = play(Array(7).fill([quote(), stale]).flat());
  await assert.rejects(often.promise, { code: "stale" });
  assert.equal(redeems(often.calls).length, 6);
  assert.equal(often.waits.length, 4);
  for (const { waitMs } of often.waits) assert.ok(waitMs >= 1000 && waitMs <= 3000);
});

test("different misfortunes have a second chance each", async () => {
  const run = play([
    ...[quote(), problem(403, "key_required"), quote(), problem(409, "stale")],
    ...[quote(), problem(403, "expired"), quote(), GRANT],
  ]);
  assert.equal(await run.promise, true);
});

test("the device slept: the clock leapt past the challenge while it solved", async () => {
  const run = play([quote(), problem(403, "expired"), quote({ challenge: "c2" }), GRANT], {
    solveMs: 3_600_000,
  });
  assert.equal(await run.promise, true);
  assert.equal(run.solved.length, 2);
});

test("what enoughIn throws ends it", async () => {
  const enoughIn = () => {
    throw new Error("enough of it");
  };
  const run = play([quote(), GRANT], { enoughIn });
  await assert.rejects(run.promise, /enough of it/);
  assert.equal(run.calls.length, 0);
});

test("a refusal that is no problem+json, and a grant that is no JSON", async () => {
  await assert.rejects(play([[403, "<html>"]]).promise, { code: "unexpected_answer", status: 403 });
  await assert.rejects(play([quote(), [201, "<html>"]]).promise, { code: "unexpected_answer" });
  await assert.rejects(play([[201, {}]]).promise, { code: "unexpected_answer" });
});

test("what solve rejects with comes through", async () => {
  const solve = () => Promise.reject(new Error("no workers"));
  await assert.rejects(play([quote()], { solve }).promise, /no workers/);
});

const tooSlow = (estimateMs) => new ChallengeError("too_slow", { estimateMs });

for (const [estimateMs, units, most] of [
  [6000, undefined, 4],
  [12_000, undefined, 2],
  [600_000, undefined, 1],
  [12_000, 4, 4],
]) {
  test(`${estimateMs} ms for five units of which ${units} are needed: asks for ${most}`, async () => {
    const patience = [];
    const solve = async (challenge, _puzzle, patienceMs) => {
      patience.push(patienceMs);
      if (challenge === "c1") throw tooSlow(estimateMs);
      return [33];
    };
    const part = quote({ challenge: "c2", budget: most });
    const run = play([quote(), part, GRANT], { solve, units });
    assert.equal(await run.promise, true);
    const [first, second] = asks(run.calls).map(({ init }) => JSON.parse(init.body));
    assert.deepEqual(second, { ...first, most });
    assert.deepEqual(
      patience,
      [5000, undefined],
      "the second is worked off, however long it takes",
    );
    assert.deepEqual(JSON.parse(bodies(run.calls)[0]), { challenge: "c2", answers: [33] });
  });
}

test("what can't be bought in parts is worked off, however long it takes", async () => {
  const patience = [];
  const solve = async (_challenge, _puzzle, patienceMs) => {
    patience.push(patienceMs);
    return [33];
  };
  await play([quote({ budget: 4 }), GRANT], { solve, units: 4 }).promise;
  assert.deepEqual(patience, [undefined]);
});

test("what the visitor has will not do, says the server: the first turn does not ask", async () => {
  const run = play([quote(), GRANT], { mustBuy: true });
  assert.equal(await run.promise, true);
  assert.deepEqual(run.log, ["POST /gate/v1/challenges", "POST /gate/v1/clearances"]);
});

for (const [what, more] of [
  ["who waited for another tab", { waited: true }],
  ["in its second turn", { first: queue(40) }],
  ["after another tab has bought", { first: problem(409, "stale") }],
]) {
  test(`who has to buy, ${what}, asks what there is all the same`, async () => {
    const { first, waited = false } = more;
    const script = first ? [quote(), first] : [];
    const run = play(script, { mustBuy: true, readings: [reading(3)], waited });
    assert.equal(await run.promise, false);
    assert.equal(run.log.at(-1), "GET /gate/v1/clearance");
    assert.equal(run.log.filter((call) => call.startsWith("GET")).length, 1);
  });
}
