import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { calls } from "../src/signals/calls.js";
import { clicks } from "../src/signals/clicks.js";
import { watchConduct } from "../src/signals/conduct.js";
import { makeCounts } from "../src/signals/counts.js";
import { glimpses } from "../src/signals/glimpses.js";
import { globals } from "../src/signals/globals.js";
import { hints } from "../src/signals/hints.js";
import { keys } from "../src/signals/keys.js";
import { FEATURES } from "../src/signals/kinematics.js";
import { movement } from "../src/signals/movement.js";
import { moves } from "../src/signals/moves.js";
import { permissions } from "../src/signals/permissions.js";
import { scrolling } from "../src/signals/scrolling.js";
import { webdriver } from "../src/signals/webdriver.js";

let counted;
let heard;

beforeEach(() => {
  counted = {};
  heard = new Map();
});

/** Plays a conduct: the function dispatches what a browser would. */
function watch({ watch: start }) {
  start((type, listener) => heard.set(type, [...(heard.get(type) ?? []), listener]), {
    add: (name) => {
      counted[name] = (counted[name] ?? 0) + 1;
    },
    clear: (name) => {
      delete counted[name];
    },
  });
  return (type, at, more = {}) => {
    for (const listener of heard.get(type) ?? []) listener({ type, timeStamp: at, ...more });
  };
}

globalThis.Element ??= class {};

/** A button of 100 by 40, whose centre is at 150, 120. */
const button = Object.assign(new globalThis.Element(), {
  getBoundingClientRect: () => ({ left: 100, top: 100, width: 100, height: 40 }),
});

function click(play, at, dwell, x, y, { pointerType = "mouse", moved = 12 } = {}) {
  const where = { pointerType, clientX: x, clientY: y };
  for (let i = 0; i < moved; i++) play("pointermove", at - 200 + i, where);
  play("pointerdown", at, where);
  play("pointerup", at + dwell, { pointerType, target: button, clientX: x, clientY: y });
}

test("a program's click is short and in the centre", () => {
  const play = watch(clicks);
  click(play, 1000, 1, 150, 120);
  click(play, 2000, 0, 150.5, 119.5);
  assert.deepEqual(counted, { clicks: 2, short_clicks: 2, centre_clicks: 2 });
});

test("a person's is neither", () => {
  const play = watch(clicks);
  click(play, 1000, 94, 161, 128);
  click(play, 5000, 31, 113, 104);
  assert.deepEqual(counted, { clicks: 2 });
});

test("one or two leaps to a far target are a teleport", () => {
  const play = watch(clicks);
  click(play, 1000, 90, 161, 128, { moved: 1 });
  click(play, 2000, 90, 165, 130, { moved: 1 });
  assert.deepEqual(counted, { clicks: 2, teleports: 1 });
});

test("a screen reader clicks where the mouse has not been", () => {
  const play = watch(clicks);
  click(play, 1000, 0, 150, 120, { moved: 0 });
  play("pointermove", 1500, { pointerType: "mouse", clientX: 20, clientY: 20 });
  click(play, 2000, 0, 150, 120, { moved: 0 });
  assert.deepEqual(counted, {});
});

test("fingers, pens and keyboards are no mouse", () => {
  const play = watch(clicks);
  click(play, 1000, 1, 150, 120, { pointerType: "touch" });
  click(play, 2000, 1, 150, 120, { pointerType: "pen" });
  play("pointerup", 3000, { target: button, clientX: 150, clientY: 120 });
  assert.deepEqual(counted, {});
});

test("a key that is held for no time, and letters that no key brought", () => {
  const play = watch(keys);
  play("keydown", 0, { code: "KeyA" });
  play("keypress", 1);
  play("keyup", 2, { code: "KeyA" });
  for (let at = 10; at < 15; at++) play("keypress", at);
  assert.deepEqual(counted, { keys: 1, short_keys: 1, keyless_inputs: 4 });
});

test("typing, fast and slow, and a key that is kept down", () => {
  const play = watch(keys);
  play("keydown", 0, { code: "KeyA" });
  play("keypress", 0);
  play("keydown", 60, { code: "KeyB" });
  play("keypress", 60);
  play("keyup", 70, { code: "KeyA" });
  play("keydown", 400, { code: "KeyB", repeat: true });
  play("keypress", 400);
  play("keyup", 480, { code: "KeyB" });
  assert.deepEqual(counted, { keys: 2 });
});

test("pasting, filling in, composing, dictating and a phone's keyboard are no letters of a key", () => {
  const play = watch(keys);
  play("input", 500, { inputType: "insertFromPaste" });
  play("input", 501, { inputType: "insertReplacementText" });
  play("input", 502, { inputType: "insertText", isComposing: true });
  for (let at = 503; at < 513; at++) play("input", at, { inputType: "insertText" });
  play("keydown", 600, { code: "", isComposing: true });
  play("input", 601, { inputType: "insertCompositionText" });
  play("keyup", 601, { code: "" });
  assert.deepEqual(counted, {});
});

test("a program that types for somebody, and an extension that keeps keys to itself", () => {
  const play = watch(keys);
  for (let at = 0; at < 100; at += 10) {
    play("keydown", at, { code: "" });
    play("keypress", at);
    play("keyup", at, { code: "" });
  }
  assert.deepEqual(counted, {});
  for (let at = 100; at < 200; at += 10) {
    play("keypress", at);
    play("keyup", at + 5, { code: "KeyA" });
  }
  assert.deepEqual(counted, {}, "the first had the key before it");
});

test("which key it was is kept nowhere", () => {
  const play = watch(keys);
  for (let i = 0; i < 100; i++) play("keydown", i, { code: `Key${i}` });
  play("keyup", 200, { code: "Key0" });
  assert.deepEqual(counted, {}, "and what is held is bounded");
});

test("moves that the browser has not put together", () => {
  const play = watch(moves);
  const of = (many) => ({ pointerType: "mouse", getCoalescedEvents: () => Array(many).fill({}) });
  play("pointermove", 0, of(1));
  play("pointermove", 1, of(3));
  play("pointermove", 2, { ...of(1), pointerType: "touch" });
  play("pointermove", 3, { pointerType: "mouse" });
  assert.deepEqual(counted, { moves: 2, single_moves: 1 });
});

test("scrolling that a hand has caused, that rolls on, and that nobody has", () => {
  const play = watch(scrolling);
  play("wheel", 1000);
  for (let at = 1000; at < 6000; at += 100) play("scroll", at);
  assert.deepEqual(counted, { scrolls: 50 });
  play("scroll", 9000);
  assert.deepEqual(counted, { scrolls: 51, scripted_scrolls: 1 });
});

/** Where somebody comes to a page at 0 and gets its first byte after 100 ms. */
function arrive({ type = "navigate", hidden = false } = {}) {
  const shown = { hidden };
  let now = 0;
  mock.method(performance, "now", () => now);
  mock.method(performance, "getEntriesByType", () => [{ type, responseStart: 100 }]);
  let leave = () => {};
  Object.assign(globalThis, {
    document: shown,
    addEventListener: (event, call) => {
      assert.equal(event, "pagehide");
      leave = call;
    },
  });
  const play = watch(glimpses);
  return {
    play,
    show(at, visible) {
      now = at;
      shown.hidden = !visible;
      play("visibilitychange", at);
    },
    leave(at) {
      now = at;
      leave();
      for (const name of ["document", "addEventListener"]) delete globalThis[name];
      heard.clear();
      mock.restoreAll();
    },
  };
}

test("pages that nobody can have read, one after the other", () => {
  for (let page = 0; page < 6; page++) arrive().leave(390);
  assert.deepEqual(counted, { glimpses: 6 });
  arrive().leave(410);
  assert.deepEqual(counted, {}, "one that could be read ends it");
});

test("a hand on a page ends it too, whichever it is", () => {
  for (const type of ["keydown", "wheel", "touchmove", "click", "pointerdown", "pointermove"]) {
    arrive().leave(200);
    assert.deepEqual(counted, { glimpses: 1 });
    const page = arrive();
    page.play(type, 150);
    page.leave(200);
    assert.deepEqual(counted, {}, type);
  }
});

test("what was not shown, or is come back to, is no glimpse and no reading", () => {
  arrive().leave(200);
  arrive({ hidden: true }).leave(90_000);
  arrive({ type: "back_forward" }).leave(200);
  arrive({ type: "reload" }).leave(90_000);
  assert.deepEqual(counted, { glimpses: 1 });
  const opened = arrive({ hidden: true });
  opened.show(50_000, true);
  opened.show(50_200, false);
  opened.show(60_000, true);
  opened.leave(60_050);
  assert.deepEqual(counted, { glimpses: 2 }, "only the time for which it is shown counts");
  const read = arrive({ hidden: true });
  read.show(50_000, true);
  read.show(50_200, false);
  read.show(60_000, true);
  read.leave(60_150);
  assert.deepEqual(counted, {});
});

/** Calls of a method from stacks that look like `frames`. */
function callFrom(frames, { times = 1, apart = 300 } = {}) {
  const own = {
    HTMLElement: class {
      click(by = 1, ...more) {
        if (by === 0) throw new RangeError("none");
        return [this, by, ...more];
      }
    },
    Element: class {},
    Document: class {},
  };
  const native = own.HTMLElement.prototype.click;
  const before = Object.keys(own).map((name) => [name, globalThis[name]]);
  Object.assign(globalThis, own);
  let now = 0;
  mock.method(performance, "now", () => now);
  const { prepareStackTrace } = Error;
  try {
    watch(calls);
    Error.prepareStackTrace = (_, sites) => {
      const ours = sites.filter((site) => site.getFileName()?.includes("calls.js"));
      return ["Error", ...ours.map((site) => `    at ${site}`), ...frames].join("\n");
    };
    const it = new own.HTMLElement();
    for (let time = 0; time < times; time++) {
      assert.deepEqual(it.click(1, 2), [it, 1, 2]);
      now += apart;
    }
    return { it, native, click: own.HTMLElement.prototype.click };
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Object.assign(globalThis, Object.fromEntries(before));
    mock.restoreAll();
  }
}

const SITE = "    at open (https://example.org/app.js:1:2)";
const NOWHERE = "    at <anonymous>:1:9";

test("drivers have names of their own", () => {
  for (const [before, frame] of [
    "    at pptr:evaluate;file%3A%2F%2F%2Fvisit.js%3A3%3A9:1:9",
    "    at eval (pptr:internal:2:3)",
    "    at __pyppeteer_evaluation_script__:1:9",
    "    at UtilityScript.evaluate (<anonymous>:234:17)",
    "    at callFunction (<anonymous>:342:20)",
  ].entries()) {
    callFrom([NOWHERE, frame]);
    assert.deepEqual(counted, { driver_calls: before + 1 }, frame);
  }
});

test("a page's scripts and an extension's have an address", () => {
  for (const frames of [
    [SITE],
    [NOWHERE, SITE],
    ["    at callFunction (https://example.org/app.js:1:2)"],
    ["    at UtilityScript.run (https://example.org/app.js:1:2)"],
    ["    at run (https://example.org/pptr:/app.js:1:2)"],
    ["    at eval (eval at start (https://example.org/app.js:1:2), <anonymous>:1:1)"],
    ["    at inject (chrome-extension://abcdef/content.js:1:2)"],
    ["    at Array.forEach (<anonymous>)"],
    [],
  ]) {
    callFrom(frames);
    assert.deepEqual(counted, {}, frames.join());
  }
});

test("a script without an address is counted apart", () => {
  callFrom([NOWHERE]);
  assert.deepEqual(counted, { nameless_calls: 1 });
});

test("a method is to its callers what it was", () => {
  const { it, click, native } = callFrom([SITE]);
  assert.notEqual(click, native);
  assert.deepEqual([click.name, click.length], [native.name, native.length]);
  assert.deepEqual(click.call(it, 3), [it, 3]);
  assert.throws(() => click.call(it, 0), RangeError);
  assert.throws(() => new click(), TypeError);
});

test("stacks are looked at now and then, and not for ever", () => {
  callFrom([NOWHERE], { times: 100, apart: 25 });
  assert.deepEqual(counted, { nameless_calls: 12 });
  const { click, native } = callFrom([NOWHERE], { times: 1000 });
  assert.deepEqual(counted, { nameless_calls: 112 });
  assert.equal(click, native, "then the page has its own again");
});

test("a page whose stacks cannot be had is left alone", () => {
  const { prepareStackTrace } = Error;
  const { it } = callFrom([SITE]);
  Error.prepareStackTrace = () => {
    throw new Error("no");
  };
  assert.deepEqual(it.click(1), [it, 1]);
  Error.prepareStackTrace = prepareStackTrace;
  assert.deepEqual(counted, {});
});

test("what scripts make is no hand's", () => {
  const listeners = new Map();
  const kept = makeCounts("trust", undefined);
  globalThis.document = {
    hidden: false,
    addEventListener: (type, call) => listeners.set(type, [...(listeners.get(type) ?? []), call]),
  };
  globalThis.addEventListener = () => {};
  for (const name of ["HTMLElement", "Document"]) globalThis[name] ??= class {};
  watchConduct(kept);
  const play = (isTrusted) => {
    for (let time = 0; time < 3; time++) {
      for (const call of listeners.get("keypress")) call({ type: "keypress", isTrusted });
    }
  };
  play(false);
  assert.deepEqual(kept.take().values, {});
  play(true);
  assert.deepEqual(kept.take().values, { keyless_inputs: 3 });
  for (const name of ["document", "addEventListener"]) delete globalThis[name];
});

test("webdriver: said, denied, and gone", () => {
  const read = (navigator) => webdriver.read({ navigator });
  assert.deepEqual(read({ webdriver: true }), { webdriver: 1, webdriver_gone: 0 });
  assert.deepEqual(read({ webdriver: false }), { webdriver: 0, webdriver_gone: 0 });
  assert.deepEqual(read({}), { webdriver: 0, webdriver_gone: 1 });
});

test("names that drivers leave", () => {
  const read = (window, document = {}) => globals.read({ window, document }).globals;
  assert.equal(read({ cdc_adoQpoasnfa76pfcZLmcfl_Array: [] }), 1);
  assert.equal(read({}, { $cdc_asdjflasutopfhvcZLmcfl_: {} }), 1);
  assert.equal(read({ __playwright__binding__: () => {} }), 1);
  assert.equal(read({ location: {}, jQuery: {}, cdcgov: {}, __NEXT_DATA__: {}, tallygate: {} }), 0);
});

test("Chromium's version, and where it should be", () => {
  const chrome = "Mozilla/5.0 Chrome/156.0.0.0 Safari/537.36";
  const brands = [
    { brand: "Not?A_Brand", version: "8" },
    { brand: "Chromium", version: "156" },
  ];
  const read = (navigator, isSecureContext = true) => hints.read({ navigator, isSecureContext });
  assert.deepEqual(read({ userAgent: chrome, userAgentData: { brands } }), {
    hints_major: 156,
    hints_gone: 0,
  });
  assert.deepEqual(read({ userAgent: chrome }), { hints_major: 0, hints_gone: 1 });
  const app = chrome.replace("0 C", "0 (Linux; Android 16; wv) C");
  assert.equal(read({ userAgent: app }).hints_gone, 0, "in another app");
  assert.equal(read({ userAgent: chrome }, false).hints_gone, 0, "plain http has none");
  assert.equal(read({ userAgent: "Mozilla/5.0 Firefox/145.0" }).hints_gone, 0);
  assert.equal(read({ userAgent: "x", userAgentData: { brands: [] } }).hints_major, 0);
});

test("permissions that can't both be true", async () => {
  const read = (permission, state) =>
    permissions.read({
      Notification: permission && { permission },
      navigator: { permissions: { query: async () => ({ state }) } },
    });
  assert.deepEqual(await read("denied", "prompt"), { permissions_differ: 1 });
  assert.deepEqual(await read("denied", "denied"), { permissions_differ: 0 });
  assert.deepEqual(await read("default", "prompt"), { permissions_differ: 0 });
  assert.deepEqual(await read(undefined, "prompt"), { permissions_differ: 0 });
});

/** @param {Record<string, string>} kept */
const storageOf = (kept) => ({
  getItem: (name) => kept[name] ?? null,
  setItem: (name, text) => {
    kept[name] = text;
  },
});

test("counts go from page to page, and what was reported is not reported again", () => {
  const kept = {};
  const first = makeCounts("a", storageOf(kept));
  first.add("clicks", 3);
  first.keep();
  const second = makeCounts("a", storageOf(kept));
  const { values, done } = second.take();
  assert.deepEqual(values, { clicks: 3 });
  second.add("clicks", 2);
  second.add("moves");
  done();
  assert.deepEqual(makeCounts("a", storageOf(kept)).take().values, { clicks: 2, moves: 1 });
  assert.deepEqual(makeCounts("b", storageOf(kept)).take().values, {});
});

test("counts are bounded, and storage that is broken, full or forbidden is no matter", () => {
  const counts = makeCounts("a", undefined);
  for (let i = 0; i < 12; i++) counts.add("moves", 1000);
  counts.keep();
  assert.deepEqual(counts.take().values, { moves: 9999 });
  const full = storageOf({ "challenge-a-counts": "{" });
  full.setItem = () => {
    throw new Error("full");
  };
  const broken = makeCounts("a", full);
  broken.add("moves");
  broken.keep();
  assert.deepEqual(broken.take().values, { moves: 1 });
  const odd = storageOf({ "challenge-a-counts": '{"clicks":"x","moves":2}' });
  assert.deepEqual(makeCounts("a", odd).take().values, { moves: 2 });
});

test("means go from page to page by how much each is of", () => {
  const kept = {};
  const first = makeCounts("a", storageOf(kept));
  first.mean("windows", 200, 1, { jitter: 100 });
  first.keep();
  const second = makeCounts("a", storageOf(kept));
  second.mean("windows", 200, 3, { jitter: 200 });
  const { values, done } = second.take();
  assert.deepEqual(values, { windows: 4, jitter: 175 });
  second.mean("windows", 200, 2, { jitter: 900 });
  second.keep();
  done();
  const left = makeCounts("a", storageOf(kept)).take().values;
  assert.deepEqual(left, { windows: 2, jitter: 900 }, "the means of what came since");
  for (let i = 0; i < 300; i++) second.mean("windows", 200, 1, { jitter: 300 });
  assert.equal(second.take().values.windows, 200, "bounded");
});

test("a mouse's movement is told when it is asked for, and once", () => {
  mock.timers.enable({ apis: ["Date"] });
  const counts = makeCounts("a", undefined);
  const listeners = new Map();
  movement.watch((type, listener) => listeners.set(type, listener), counts);
  const move = (t, x, y, pointerType = "mouse") =>
    listeners.get("pointermove")({ pointerType, timeStamp: t, clientX: x, clientY: y });
  for (let t = -9000; t < -200; t += 16) {
    const along = (t + 9000) / 700;
    move(t, 400 + 300 * Math.sin(along), 300 + 150 * Math.sin(1.7 * along));
  }
  const told = counts.take().values;
  assert.ok(told.windows >= 1, JSON.stringify(told));
  for (const name of FEATURES) assert.ok(told[name] >= 0 && told[name] <= 1000, name);
  assert.deepEqual(counts.take().values, told, "what was told is not told again");
  const touch = makeCounts("b", undefined);
  movement.watch((type, listener) => listeners.set(type, listener), touch);
  for (let t = 0; t < 9000; t += 16) move(t, 400 + (t % 300), 300 + (t % 170), "touch");
  assert.deepEqual(touch.take().values, {});
  mock.timers.reset();
});
