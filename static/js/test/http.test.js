import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { browser, getPage, post } from "../src/http.js";

/** Plays answers to one request for a page: a Response, or an Error for a dropped connection. */
function fetching(answers) {
  const [slept, inits] = [[], []];
  const around = {
    now: () => 0,
    sleep: async (ms) => slept.push(ms),
    async fetch(_url, init) {
      inits.push(init);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const asked = getPage("/ada", { headers: { Accept: "text/html" } }, around);
  return { asked, slept, inits };
}

const page = (status, headers) => new Response("<p>", { status, headers });

for (const status of [200, 403, 404, 429, 500]) {
  test(`a page with ${status} is an answer`, async () => {
    const run = fetching([page(status)]);
    const { response, text } = await run.asked;
    assert.deepEqual([response.status, text], [status, "<p>"]);
    assert.deepEqual(run.slept, []);
  });
}

test("asks this site only, with its cookie, past every cache", async () => {
  const run = fetching([page(200)]);
  await run.asked;
  assert.deepEqual(run.inits, [
    {
      ...{ mode: "same-origin", credentials: "same-origin", cache: "no-store" },
      headers: { Accept: "text/html" },
    },
  ]);
});

test("a dropped connection and a busy server are tried again", async () => {
  const run = fetching([
    new TypeError("fetch failed"),
    page(503, { "Retry-After": "2" }),
    page(200),
  ]);
  assert.equal((await run.asked).response.status, 200);
  assert.deepEqual(run.slept, [300, 2000]);
});

test("and given up after five", async () => {
  const lost = fetching(Array(9).fill(new TypeError("fetch failed")));
  await assert.rejects(lost.asked, { code: "connection" });
  assert.equal(lost.inits.length, 5);
  const busy = fetching(Array.from({ length: 9 }, () => page(503)));
  await assert.rejects(busy.asked, { status: 503 });
  assert.equal(busy.inits.length, 5);
});

test("a refusal foretells when a page opens", async () => {
  const busy = { code: "network_busy", opens_in_ms: 615_000 };
  const fetch = async () => Response.json(busy, { status: 429, headers: { "Retry-After": "15" } });
  const asked = post("/p/v1/clearances", "{}", { ...browser, fetch });
  await assert.rejects(asked, { code: "network_busy", retryAfterMs: 15_000, opensInMs: 615_000 });
});

/** Sleeps `ms`, of which the device is off after the first ten seconds; the seconds it was on for. */
async function sleptThrough(ms, offMs) {
  let [clock, wall, done] = [0, 0, false];
  mock.method(performance, "now", () => clock);
  mock.method(Date, "now", () => wall);
  mock.timers.enable({ apis: ["setTimeout"] });
  browser.sleep(ms).then(() => {
    done = true;
  });
  for (let seconds = 0; ; seconds++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (done || seconds > 900) {
      mock.timers.reset();
      mock.restoreAll();
      return seconds;
    }
    if (seconds === 10) wall += offMs;
    clock += 1000;
    wall += 1000;
    mock.timers.tick(1000);
  }
}

test("a long sleep ends in time, though the device was off for a while", async () => {
  assert.equal(await sleptThrough(600_000, 0), 600);
  assert.equal(await sleptThrough(600_000, 720_000), 20);
  assert.equal(await sleptThrough(600_000, -720_000), 600, "the clock was set back");
  assert.equal(await sleptThrough(5000, 0), 5);
});
