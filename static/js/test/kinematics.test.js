import assert from "node:assert/strict";
import { test } from "node:test";
import { FEATURES, kinematics, POSITIONS, WINDOW_MS, WINDOWS } from "../src/signals/kinematics.js";

const FRAME_MS = 1000 / 60;
const even = (share) => share;
/** As a hand does it: minimum jerk. */
const smooth = (share) => share ** 3 * (10 - 15 * share + 6 * share ** 2);

/** To and fro between two points in `ms` each way, resting `rest` ms in between. */
function* strokes({ by = [600, 250], ms = 500, rest = 500, step = FRAME_MS, course = even }) {
  const from = [100, 100];
  yield [0, ...from];
  for (let n = 0, start = rest; ; n++, start += ms + rest) {
    const frames = Math.round(ms / step);
    for (let i = 1; i <= frames; i++) {
      const share = course(i / frames);
      const done = n % 2 ? 1 - share : share;
      yield [start + i * step, from[0] + done * by[0], from[1] + done * by[1]];
    }
  }
}

function until(end, positions) {
  const seen = [];
  for (const position of positions) {
    if (position[0] >= end) return seen;
    seen.push(position);
  }
  return seen;
}

function told(positions, mouse = kinematics()) {
  for (const [t, x, y] of positions) mouse.add(t, x, y);
  return mouse.summary(Number.POSITIVE_INFINITY);
}

const minute = (how) => until(60_000, strokes(how));

test("an even straight line starts and stops at once, and a hand's does not", () => {
  const machine = told(minute({}));
  const hand = told(minute({ course: smooth }));
  assert.ok(machine.windows > 15 && hand.windows > 15);
  assert.ok(machine.start > 900 && machine.stop > 900, JSON.stringify(machine));
  assert.ok(hand.start < 200 && hand.stop < 200, JSON.stringify(hand));
  assert.ok(machine.plateau > 900 && hand.plateau < 600);
  assert.ok(machine.spread < 100 && hand.spread > 200);
});

test("whoever jumps to a target makes no windows", () => {
  const jumps = [];
  for (let i = 0; i < 200; i++) {
    const [x, y] = [(i * 397) % 1200, (i * 211) % 700];
    jumps.push([i * 600, x, y], [i * 600 + 15, x + 1, y]);
  }
  assert.equal(told(jumps).windows, 0);
  assert.ok(told(jumps.map(([t, x, y]) => [t / 40, x, y])).windows > 0, "control: as a movement");
});

test("along axes and diagonals nothing is judged: so go mouse keys and switches", () => {
  for (const by of [
    [600, 0],
    [0, 400],
    [400, 400],
    [-300, 300],
  ]) {
    assert.equal(told(minute({ by })).windows, 0, `${by}`);
  }
  assert.ok(told(minute({ by: [600, 200] })).windows > 0, "control");
});

test("events that come seldom are not judged", () => {
  assert.equal(told(minute({ step: 50 })).windows, 0);
  assert.ok(told(minute({ step: 25 })).windows > 0, "control");
});

test("a window needs twelve changes of position", () => {
  const once = (frames) => until(2000, strokes({ ms: frames * 30, step: 30, rest: 1000 }));
  assert.equal(once(10).length, 11);
  assert.equal(told(once(10)).windows, 0);
  assert.equal(told(once(11)).windows, 1);
});

test("slow and short movements are not judged", () => {
  assert.equal(told(minute({ by: [60, 25] })).windows, 0);
});

/** Crosses the page without a rest, then is somewhere else a second later. */
function* crossings(between) {
  for (let start = 0; start < 60_000; start += 1500) {
    for (let i = 0; i <= 30; i++) yield [start + i * FRAME_MS, 20 * i, 300 + 7 * i];
    yield between;
  }
}

test("what is cut off by the edge of the page neither starts nor stops at once", () => {
  const outside = kinematics();
  const inside = kinematics();
  for (const position of crossings(undefined)) {
    if (position) outside.add(...position);
    else outside.lose();
    if (position) inside.add(position[0], position[1] / 20, position[2]);
  }
  assert.equal(outside.summary(Number.POSITIVE_INFINITY).windows, 0, "no rim was seen");
  assert.ok(inside.summary(Number.POSITIVE_INFINITY).windows > 0, "control: a rest that was seen");
});

test("a busy page that shows a movement late makes no start of it", () => {
  const rest = { rest: 700, course: smooth };
  const late = minute(rest).filter(([t]) => (t - 700) % 1200 > 220 || t % 1200 < 50);
  const { start, windows } = told(late);
  assert.ok(windows > 0);
  assert.ok(start < 300, `${start}`);
});

test("where and when the pointer moved makes no difference", () => {
  const moves = minute({ course: smooth, step: 16 });
  const elsewhere = moves.map(([t, x, y]) => [t + 86_400_000, x + 512, y - 1024]);
  assert.deepEqual(told(elsewhere), told(moves));
});

test("a window is counted when it is over, and only then", () => {
  const mouse = kinematics();
  for (const [t, x, y] of until(2000, strokes({}))) mouse.add(t, x, y);
  assert.equal(mouse.summary().windows, 0);
  assert.equal(mouse.summary(WINDOW_MS - 1).windows, 0);
  assert.equal(mouse.summary(WINDOW_MS).windows, 1);
  assert.equal(mouse.summary(WINDOW_MS).windows, 1);
});

test("an end closes the window that is open, and another clock may begin", () => {
  const mouse = kinematics();
  for (let n = 0; n < 3; n++) {
    for (const [t, x, y] of until(1700, strokes({}))) mouse.add(t, x, y);
    mouse.end(1700);
  }
  assert.equal(mouse.summary().windows, 3);
});

test("reset forgets what was counted, and goes on", () => {
  const mouse = kinematics();
  const moves = minute({});
  told(moves.slice(0, moves.length / 2), mouse);
  mouse.reset();
  assert.deepEqual(mouse.summary(), told([]));
  assert.ok(told(moves.slice(moves.length / 2), mouse).windows > 5);
});

test("all is told in whole numbers from 0 to 1000, whatever is passed", () => {
  const mouse = kinematics();
  const wild = [Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e300, undefined, "1", 0.5, -7];
  for (const [i, [t, x, y]] of minute({ by: [6e4, 2e7] }).entries()) {
    mouse.add(t, x * (i % 7), y);
    mouse.add(wild[i % 8], wild[(i >> 3) % 8], wild[(i >> 6) % 8]);
    mouse.add(t, wild[(i >> 3) % 8], wild[(i >> 6) % 8]);
  }
  mouse.end(0);
  const summary = told(minute({}), mouse);
  assert.deepEqual(Object.keys(summary), ["windows", ...FEATURES]);
  assert.ok(summary.windows > 15);
  for (const [name, value] of Object.entries(summary)) {
    assert.ok(Number.isInteger(value) && value >= 0 && value <= 1000, `${name} ${value}`);
  }
});

test("windows are counted up to a limit", () => {
  const { windows } = told(until(WINDOWS * WINDOW_MS * 1.5, strokes({})));
  assert.equal(windows, WINDOWS);
});

test("of a window no more positions are kept than a display shows", () => {
  const crowd = until(WINDOW_MS, strokes({ by: [6000, 2500], ms: 1000, rest: 0, step: 1 }));
  const most = crowd.slice(0, POSITIONS);
  assert.equal(new Set(most.map(([, x, y]) => `${x},${y}`)).size, POSITIONS, "all are changes");
  assert.deepEqual(told(crowd), told(most));
  assert.notDeepEqual(told(crowd), told(crowd.slice(0, POSITIONS / 2)), "control");
  assert.equal(told(most).windows, 1);
});
