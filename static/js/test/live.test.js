import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { liveRegion } from "../src/live.js";

const region = { said: [] };
Object.defineProperty(region, "textContent", { set: (text) => region.said.push(text) });

beforeEach(() => {
  region.said = [];
  mock.timers.enable({ apis: ["setTimeout"] });
});
afterEach(() => mock.timers.reset());

test("says the latest count, at most once a second", () => {
  const live = liveRegion(region);
  for (const done of [1, 2, 3]) live.count(`${done} of 16`);
  mock.timers.tick(999);
  assert.deepEqual(region.said, []);
  mock.timers.tick(1);
  assert.deepEqual(region.said, ["3 of 16"]);
  live.count("4 of 16");
  live.count("16 of 16");
  mock.timers.tick(1000);
  mock.timers.tick(5000);
  assert.deepEqual(region.said, ["3 of 16", "16 of 16"]);
});

test("an aside comes a second after a count, and has five seconds to be read", () => {
  const live = liveRegion(region);
  live.count("3 of 16");
  live.aside("About 8 seconds.");
  live.count("4 of 16");
  mock.timers.tick(999);
  assert.deepEqual(region.said, []);
  mock.timers.tick(1);
  mock.timers.tick(4999);
  assert.deepEqual(region.said, ["About 8 seconds."]);
  mock.timers.tick(1);
  mock.timers.tick(9000);
  assert.deepEqual(region.said, ["About 8 seconds.", "4 of 16"]);
});

test("the last words come at once and stay", () => {
  const live = liveRegion(region);
  live.count("1 of 16");
  live.last("Ready.");
  mock.timers.tick(5000);
  assert.deepEqual(region.said, ["Ready."]);
});
