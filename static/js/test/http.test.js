import assert from "node:assert/strict";
import { test } from "node:test";
import { getPage } from "../src/http.js";

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
