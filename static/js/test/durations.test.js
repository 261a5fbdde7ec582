import assert from "node:assert/strict";
import { test } from "node:test";
import { aboutSeconds, aboutText } from "../src/durations.js";

test("about: never below two, exact up to ten, then in fives upwards", () => {
  const cases = [
    [0, 2],
    [-500, 2],
    [1999, 2],
    [2001, 3],
    [10_000, 10],
    [10_001, 15],
    [38_000, 40],
    [40_000, 40],
  ];
  for (const [ms, expected] of cases) assert.equal(aboutSeconds(ms), expected, `${ms} ms`);
});

test("minutes only where there is a text for them, from two minutes on", () => {
  const [seconds, minutes] = ["in {seconds} seconds", "in {minutes} minutes"];
  assert.equal(aboutText(40_000, seconds, minutes), "in 40 seconds");
  assert.equal(aboutText(120_000, seconds, minutes), "in 120 seconds");
  assert.equal(aboutText(120_001, seconds, minutes), "in 3 minutes");
  assert.equal(aboutText(300_000, seconds), "in 300 seconds");
  assert.equal(aboutText(300_000), "");
});
