import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { clicks } from "../src/signals/clicks.js";
import { makeCounts } from "../src/signals/counts.js";
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
  assert.deepEqual(counted, { clicks: 2, short_clicks: 2, centre_clicks: 2, targets: 1 });
});

test("a person's is neither", () => {
  const play = watch(clicks);
  click(play, 1000, 94, 161, 128);
  click(play, 5000, 31, 113, 104);
  assert.deepEqual(counted, { clicks: 2, targets: 1 });
});

test("one or two leaps to a far target are a teleport", () => {
  const play = watch(clicks);
  click(play, 1000, 90, 161, 128, { moved: 1 });
  click(play, 2000, 90, 165, 130, { moved: 1 });
  assert.deepEqual(counted, { clicks: 2, targets: 1, teleports: 1 });
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
  play("input", 1, { inputType: "insertText" });
  play("keyup", 2, { code: "KeyA" });
  play("input", 10, { inputType: "insertText" });
  assert.deepEqual(counted, { keys: 1, short_keys: 1, inputs: 2, keyless_inputs: 1 });
});

test("typing, pasting, composing and a phone's keyboard", () => {
  const play = watch(keys);
  play("keydown", 0, { code: "KeyA" });
  play("keydown", 400, { code: "KeyA", repeat: true });
  play("keyup", 480, { code: "KeyA" });
  play("input", 500, { inputType: "insertFromPaste" });
  play("input", 501, { inputType: "insertReplacementText" });
  play("input", 502, { inputType: "insertText", isComposing: true });
  play("keydown", 600, { code: "" });
  play("input", 601, { inputType: "insertText" });
  play("keyup", 601, { code: "" });
  assert.deepEqual(counted, { keys: 1, inputs: 1 });
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
