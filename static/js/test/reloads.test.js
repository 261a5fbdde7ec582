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
    removeItem: (key) => stored.delete(key),
  };
  mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
});

afterEach(() => {
  mock.timers.reset();
  delete globalThis.sessionStorage;
  delete globalThis.history;
});

/** Each page load makes its own guard. */
const guard = (page = "/a") => reloadsOf("main", page);

/** Storage is refused, as where all cookies are blocked; the history entry has what the app put. */
function refuseStorage() {
  Object.defineProperty(globalThis, "sessionStorage", {
    get() {
      throw new Error("refused");
    },
    configurable: true,
  });
  globalThis.history = {
    state: { scroll: 7 },
    replaceState(state) {
      this.state = structuredClone(state);
    },
  };
}

for (const where of ["sessionStorage", "history.state"]) {
  test(`two grants within 20 s that did not stick: a loop (${where})`, () => {
    if (where === "history.state") refuseStorage();
    assert.equal(guard().looping(), false);
    guard().note(true);
    assert.equal(guard().looping(), false);
    mock.timers.tick(3000);
    guard().note(true);
    assert.equal(guard().looping(), true);
    if (where === "history.state") assert.equal(history.state.scroll, 7);
    else assert.ok(stored.has(KEY));
    guard().clear();
    assert.equal(guard().looping(), false);
  });
}

test("the loop is forgotten 20 s after the first of two grants", () => {
  guard().note(true);
  mock.timers.tick(5000);
  guard().note(true);
  mock.timers.tick(14_999);
  assert.equal(guard().looping(), true);
  mock.timers.tick(1);
  assert.equal(guard().looping(), false);
});

test("grants that stuck, and reloads for what others bought, are no loop", () => {
  for (let i = 0; i < 5; i++) {
    guard().note(true);
    guard().stuck();
  }
  for (let i = 0; i < 5; i++) guard().note(false);
  assert.equal(guard().looping(), false);
});

test("what sticks does not forget how often the page came back", () => {
  for (let i = 0; i < 12; i++) {
    guard().note(true);
    guard().stuck();
  }
  assert.equal(guard().returning(), true);
});

test("returns: three at once, then ever slower, then stubborn, then the end", () => {
  const seen = [];
  for (let i = 0; i <= 12; i++) {
    const { pauseMs, stubborn, returning } = guard();
    seen.push([pauseMs(), stubborn(), returning()]);
    guard().note(false);
  }
  assert.deepEqual(
    seen.map(([pause]) => pause),
    [0, 0, 0, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000, 4000, 4000],
  );
  assert.equal(
    seen.findIndex(([, stubborn]) => stubborn),
    6,
  );
  assert.equal(
    seen.findIndex(([, , returning]) => returning),
    12,
  );
});

test("a minute later they are forgotten", () => {
  for (let i = 0; i < 12; i++) guard().note(false);
  mock.timers.tick(59_999);
  assert.equal(guard().returning(), true);
  mock.timers.tick(1);
  assert.deepEqual([guard().returning(), guard().pauseMs()], [false, 0]);
});

test("other pages are others", () => {
  for (let i = 0; i < 12; i++) guard("/a").note(true);
  assert.equal(guard("/b").looping(), false);
  guard("/b").note(true);
  assert.equal(guard("/a").looping(), false);
});

test("times in the future are dropped", () => {
  guard().note(true);
  guard().note(true);
  mock.timers.setTime(900_000);
  assert.deepEqual([guard().looping(), guard().pauseMs()], [false, 0]);
});

test("what was kept by an older version, or by somebody else, does no harm", () => {
  for (const text of ['{"page":"/a","times":[1]}', "null", "[]", "{", '"/a"']) {
    stored.set(KEY, text);
    if (text === "{") globalThis.history = { state: null };
    assert.equal(guard().looping(), false, text);
    assert.equal(guard().returning(), false, text);
  }
});
