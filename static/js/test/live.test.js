import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { liveCount } from "../src/live.js";

const region = { said: [] };
Object.defineProperty(region, "textContent", { set: (text) => region.said.push(text) });

beforeEach(() => {
  region.said = [];
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

test("says the latest count, at most once a second", () => {
  const say = liveCount(region, "{done} of {count}");
  for (const done of [1, 2, 3]) say.count(done, 16);
  mock.timers.tick(999);
  assert.deepEqual(region.said, []);
  mock.timers.tick(1);
  assert.deepEqual(region.said, ["3 of 16"]);
  say.count(4, 16);
  say.count(16, 16);
  mock.timers.tick(1000);
  mock.timers.tick(5000);
  assert.deepEqual(region.said, ["3 of 16", "16 of 16"]);
});

test("the last words come at once and stay", () => {
  const say = liveCount(region, "{done} of {count}");
  say.count(1, 16);
  say.last("Ready.");
  mock.timers.tick(5000);
  assert.deepEqual(region.said, ["Ready."]);
});
