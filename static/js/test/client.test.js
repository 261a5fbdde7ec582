import assert from "node:assert/strict";
import { test } from "node:test";
import { obtainClearance } from "../src/client.js";

const PUZZLE = { kind: "sha256", count: 2, threshold: "ffffffffffffffff" };
const quote = (more) => [
  201,
  { challenge: "c1", puzzle: PUZZLE, budget: 5, wait_ms: 0, expires_in: 120, ...more },
];
const GRANT = [201, { token: "t", budget: 5, remaining: 5, not_before_ms: 0, expires_in: 1800 }];
const DROPPED = "dropped";
const problem = (status, code, more, headers) => [status, { code, ...more }, headers];

/** Plays `script` to the client; the clock moves only when it sleeps or solves. */
function play(script, { solveMs = 0 } = {}) {
  let clock = 1000;
  const calls = [];
  const slept = [];
  const around = {
    now: () => clock,
    async sleep(ms) {
      slept.push(ms);
      clock += ms;
    },
    async fetch(url, init) {
      calls.push({ url, init, at: clock });
      assert.ok(script.length > 0, `an unexpected call of ${url}`);
      const step = script.shift();
      if (step === DROPPED) throw new TypeError("fetch failed");
      const [status, body, headers] = step;
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return new Response(text, { status, headers });
    },
  };
  const solved = [];
  const solve = async (challenge, puzzle) => {
    solved.push({ challenge, puzzle });
    clock += solveMs;
    return [11, 22];
  };
  const promise = obtainClearance({ prefix: "/gate", resource: "/people/ada", solve, around });
  return { promise, calls, slept, solved, left: script };
}

const redeems = (calls) => calls.filter(({ url }) => url === "/gate/v1/clearances");

test("asks, solves, redeems", async () => {
  const run = play([quote(), GRANT]);
  assert.equal((await run.promise).token, "t");
  assert.deepEqual(
    run.calls.map(({ url }) => url),
    ["/gate/v1/challenges", "/gate/v1/clearances"],
  );
  assert.deepEqual(JSON.parse(run.calls[0].init.body), { resource: "/people/ada" });
  assert.deepEqual(JSON.parse(run.calls[1].init.body), { challenge: "c1", answers: [11, 22] });
  assert.deepEqual(run.solved, [{ challenge: "c1", puzzle: PUZZLE }]);
  for (const { init } of run.calls) {
    assert.equal(init.method, "POST");
    assert.equal(init.credentials, "same-origin");
    assert.equal(init.cache, "no-store");
    assert.equal(init.headers["Content-Type"], "application/json");
  }
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

test("sends the same bytes again after a drop, in_progress and 503", async () => {
  const run = play([
    quote(),
    DROPPED,
    problem(409, "in_progress"),
    problem(503, "busy", {}, { "Retry-After": "2" }),
    GRANT,
  ]);
  await run.promise;
  const bodies = redeems(run.calls).map(({ init }) => init.body);
  assert.equal(bodies.length, 4);
  assert.equal(new Set(bodies).size, 1);
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
    assert.equal((await run.promise).token, "t");
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

test("429 rejects with the server's time, and is not retried", async () => {
  const run = play([problem(429, "band_empty", {}, { "Retry-After": "40" })]);
  await assert.rejects(run.promise, { code: "band_empty", status: 429, retryAfterMs: 40_000 });
});

test("a refusal that is no problem+json, and a grant that is no JSON", async () => {
  await assert.rejects(play([[403, "<html>"]]).promise, { code: "unexpected_answer", status: 403 });
  await assert.rejects(play([quote(), [201, "<html>"]]).promise, { code: "unexpected_answer" });
  await assert.rejects(play([[201, {}]]).promise, { code: "unexpected_answer" });
});

test("what solve rejects with comes through", async () => {
  const around = { fetch: async () => new Response(JSON.stringify(quote()[1])), now: () => 0 };
  const solve = () => Promise.reject(new Error("no workers"));
  await assert.rejects(obtainClearance({ prefix: "", solve, around }), /no workers/);
});
