import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { earnResponse } from "../src/widget/earning.js";

const PUZZLE = { kind: "sha256", count: 2, threshold: "00ffffffffffffff" };
const QUOTE = { challenge: "c1", puzzle: PUZZLE, budget: 0, wait_ms: 0, expires_in: 120 };
const GRANT = { response: "r1", expires_in: 300 };

let now;
let calls;
let answers;
let waits;

beforeEach(() => {
  [now, calls, waits] = [0, [], []];
  answers = { challenges: [], responses: [] };
});

const answer =
  (status, body, headers = {}) =>
  () => {
    if (status === 0) throw new TypeError("no connection");
    return new Response(JSON.stringify(body), { status, headers });
  };

const around = {
  now: () => now,
  sleep: async (ms) => {
    now += ms;
  },
  async fetch(url, init) {
    const call = url.split("/").at(-1);
    calls.push([call, JSON.parse(init.body)]);
    const usual = call === "challenges" ? answer(201, QUOTE) : answer(201, GRANT);
    return (answers[call].shift() ?? usual)();
  },
};

const earn = (more = {}) =>
  earnResponse({
    prefix: "/c",
    question: { action: "signup", cdata: "order-7" },
    solve: async () => [1, 2],
    wait: async (ms) => {
      waits.push(ms);
      now += ms;
    },
    around,
    ...more,
  });

const names = () => calls.map(([name]) => name);

test("asks for a response, solves, and hands it in", async () => {
  assert.deepEqual(await earn(), { response: "r1", expiresInMs: 300_000 });
  assert.deepEqual(calls, [
    ["challenges", { buys: "response", action: "signup", cdata: "order-7" }],
    ["responses", { challenge: "c1", answers: [1, 2] }],
  ]);
});

test("a challenge that is for later is handed in then", async () => {
  answers.challenges.push(answer(201, { ...QUOTE, wait_ms: 3000 }));
  await earn();
  assert.equal(now, 3000);
});

test("the same bytes again after a lost connection", async () => {
  answers.responses.push(answer(0), answer(503, {}));
  await earn();
  const [, ...handed] = calls.map(([, body]) => body);
  assert.deepEqual(handed, [handed[0], handed[0], handed[0]]);
});

test("a queue is stood in with the work that is done", async () => {
  answers.responses.push(answer(429, { code: "network_busy" }, { "Retry-After": "60" }));
  assert.equal((await earn()).response, "r1");
  assert.deepEqual(waits, [60_000]);
  assert.deepEqual(names(), ["challenges", "responses", "responses"]);
});

test("a queue that outlasts the challenge costs another one", async () => {
  answers.responses.push(answer(429, { code: "network_busy" }, { "Retry-After": "130" }));
  assert.equal((await earn()).response, "r1");
  assert.deepEqual(names(), ["challenges", "responses", "challenges", "responses"]);
});

test("work that came too late is not handed in", async () => {
  const solve = async () => {
    now += 121_000;
    return [1, 2];
  };
  await assert.rejects(earn({ solve }), { code: "expired" });
  assert.deepEqual(names(), ["challenges"]);
});

test("what the server has forgotten is asked for anew, once", async () => {
  const forgotten = answer(403, { code: "store_changed" });
  answers.responses.push(forgotten);
  assert.equal((await earn()).response, "r1");
  answers.responses.push(forgotten, forgotten);
  await assert.rejects(earn(), { code: "store_changed" });
});

for (const [status, code] of [
  [400, "sitekey_unknown"],
  [403, "banned"],
  [409, "spent"],
]) {
  test(`${code} is told as it is`, async () => {
    answers.responses.push(answer(status, { code }));
    await assert.rejects(earn(), { code, status });
  });
}

test("an answer of another form is none", async () => {
  for (const odd of [{}, { response: 7, expires_in: 300 }, { response: "r", expires_in: 0 }]) {
    answers.responses.push(answer(201, odd));
    await assert.rejects(earn(), { code: "unexpected_answer" });
  }
});
