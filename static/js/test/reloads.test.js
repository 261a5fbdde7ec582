import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { reloadsOf } from "../src/reloads.js";

const KEY = "challenge-main-reloads";
let stored;

beforeEach(() => {
  stored = new Map();
  globalThis.sessionStorage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
  };
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.sessionStorage;
});

/** Each page load makes its own guard. */
const guard = (page = "/a") => reloadsOf("main", page);

test("two grants within 20 s and the page is back: a loop", () => {
  assert.equal(guard().looping(), false);
  guard().note();
  assert.equal(guard().looping(), false);
  mock.timers.tick(3000);
  guard().note();
  assert.equal(guard().looping(), true);
  assert.ok(stored.has(KEY));
});

test("the loop is forgotten 20 s after the first of two grants", () => {
  guard().note();
  mock.timers.tick(5000);
  guard().note();
  mock.timers.tick(14_999);
  assert.equal(guard().looping(), true);
  mock.timers.tick(1);
  assert.equal(guard().looping(), false);
});

test("grants for different pages are no loop", () => {
  for (const page of ["/a", "/b"]) guard(page).note();
  assert.equal(guard("/b").looping(), false);
  assert.equal(guard("/a").looping(), false);
});

test("times in the future are dropped", () => {
  guard().note();
  guard().note();
  mock.timers.setTime(900_000);
  assert.equal(guard().looping(), false);
});

for (const [type, expected] of [
  ["reload", true],
  ["navigate", false],
]) {
  test(`storage refused, page came by ${type}: ${expected}`, () => {
    Object.defineProperty(globalThis, "sessionStorage", {
      get() {
        throw new Error("refused");
      },
      configurable: true,
    });
    mock.method(performance, "getEntriesByType", () => [{ type }]);
    guard().note();
    assert.equal(guard().looping(), expected);
  });
}
