import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { faceOf } from "../src/face.js";
import { pageFaceOf } from "../src/page_face.js";
import { fakeRoot, furnish, titled } from "./fake_dom.js";
import { fakePage } from "./fakes.js";

const TEXTS = {
  ...{ textCount: "{done} of {count}", textReady: "Ready.", textSlow: "about {seconds} s" },
  ...{ textQueue: "in {seconds} s", textQueueMinutes: "in {minutes} min" },
};
let page;
let events;
let root;
let face;
let clock;
let wall;

beforeEach(() => {
  page = fakePage();
  events = furnish(page.document);
  root = fakeRoot({ ...TEXTS });
  face = faceOf(root);
  [clock, wall] = [0, 0];
  mock.method(performance, "now", () => clock);
  mock.method(Date, "now", () => wall);
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  page.restore();
});

function pass(ms) {
  clock += ms;
  wall += ms;
  mock.timers.tick(ms);
}

const said = () => root.parts.live.texts;

test("each state is on the element and told to the document", () => {
  face.working();
  face.queue(5000);
  face.problem("No.", "banned");
  assert.equal(root.dataset.state, "problem");
  assert.equal(root.parts.problem.hidden, false);
  assert.equal(root.parts["problem-text"].textContent, "No.");
  face.working();
  assert.equal(root.parts.problem.hidden, true);
  face.ready();
  assert.equal(said().at(-1), "Ready.");
  assert.deepEqual(events, [
    ["statechange", { state: "working" }],
    ["statechange", { state: "queue" }],
    ["statechange", { state: "problem" }],
    ["error", { code: "banned" }],
    ["statechange", { state: "working" }],
    ["statechange", { state: "ready" }],
    ["verified", null],
  ]);
});

test("idle again: no words, no problem, and nothing that goes on counting", () => {
  face.queue(40_000);
  face.idle();
  pass(60_000);
  assert.deepEqual(said(), ["in 40 s", ""]);
  assert.equal(root.parts.problem.hidden, true);
});

test("words that are learnt later are said", () => {
  Object.assign(root.dataset, { textCount: "{done} von {count}", textReady: "Fertig." });
  face.solving(2).onProgress(1, 2, "plain");
  pass(1000);
  face.ready();
  assert.deepEqual(said(), ["1 von 2", "Fertig."]);
});

test("the queue counts down every ten seconds, and stops when it is over", () => {
  face.queue(40_000);
  pass(10_000);
  pass(10_000);
  face.working();
  pass(60_000);
  assert.deepEqual(said(), ["in 40 s", "in 30 s", "in 20 s"]);
  face.queue(300_000);
  assert.equal(said().at(-1), "in 5 min");
});

test("the same words are not said again", () => {
  face.queue(290_000);
  pass(10_000);
  pass(10_000);
  assert.deepEqual(said(), ["in 5 min"]);
  pass(40_000);
  assert.deepEqual(said(), ["in 5 min", "in 4 min"]);
});

test("after a sleep of the device it says what is left", () => {
  face.queue(300_000);
  wall += 270_000;
  pass(10_000);
  assert.equal(said().at(-1), "in 20 s");
});

test("a page's heading and reason are those of the state", () => {
  const words = { textQueueHeading: "Queue.", textQueueWhy: "Many.", textProblemHeading: "Not." };
  const more = { textMoreHeading: "All.", textMoreWhy: "No more.", textMoreAt: "More at {time}." };
  const whole = titled(fakeRoot({ ...TEXTS, ...words, ...more }), "One moment.", "You need not.");
  page.document.title = "One moment.";
  page.document.documentElement = { lang: "en" };
  const shown = () => [
    ...[page.document.title, whole.parts.h1.textContent],
    ...[whole.parts[".challenge-why"].textContent, whole.parts.live.textContent],
  ];
  const its = pageFaceOf(whole);
  its.queue(40_000);
  assert.deepEqual(shown(), ["Queue.", "Queue.", "Many.", "in 40 s"]);
  wall = new Date(2030, 0, 1, 14, 9, 30).getTime();
  its.queue(15_000, 600_000);
  const [, , , when] = shown();
  assert.deepEqual(shown().slice(0, 3), ["All.", "All.", "No more."]);
  assert.match(when, /^More at 2:20\sPM\.$/);
  its.queue(15_000, 40_000);
  assert.equal(shown()[3], "in 40 s", "soon, a duration says more than a time of day");
  its.working();
  assert.deepEqual(shown().slice(0, 3), ["One moment.", "One moment.", "You need not."]);
  its.problem("Lost.", "connection");
  assert.deepEqual(shown(), ["Not.", "Not.", "", ""]);
});

test("a window that is named after a profile stays so", () => {
  page.document.title = "Ada";
  const whole = titled(fakeRoot({ ...TEXTS, textQueueHeading: "Queue." }), "One moment.", "");
  pageFaceOf(whole).queue(40_000);
  assert.equal(page.document.title, "Ada");
});

test("where there is no heading it is said with the time", () => {
  Object.assign(root.dataset, { textQueueHeading: "Queue." });
  face.queue(40_000);
  assert.deepEqual(said(), ["Queue. in 40 s"]);
});

test("a second queue replaces the first", () => {
  face.queue(40_000);
  face.queue(90_000);
  pass(10_000);
  assert.deepEqual(said(), ["in 40 s", "in 90 s", "in 80 s"]);
});

test("progress inks, counts and tells; quick work is not called slow", () => {
  const work = face.solving(16);
  assert.equal(root.parts.progress.children.length, 4);
  for (let done = 1; done <= 3; done++) {
    pass(200);
    work.onProgress(done, 16, "simd");
  }
  pass(1000);
  assert.deepEqual(said(), ["3 of 16"]);
  assert.deepEqual(events.at(-1), ["progress", { done: 3, count: 16, engine: "simd" }]);
});

test("slow work is said once, with a guess of the whole", () => {
  const work = face.solving(16);
  for (let done = 1; done <= 6; done++) {
    pass(500);
    work.onProgress(done, 16, "simd");
  }
  assert.deepEqual(
    said().filter((text) => text.startsWith("about")),
    ["about 8 s"],
  );
});

test("where the first part was quick by luck it is said later, once", () => {
  const work = face.solving(16);
  for (let done = 1; done <= 12; done++) {
    pass(done < 4 ? 100 : 600);
    work.onProgress(done, 16, "simd");
  }
  assert.deepEqual(
    said().filter((text) => text.startsWith("about")),
    ["about 5 s"],
  );
});

test("without workers it is said however quick, counted from there", () => {
  const work = face.solving(16);
  pass(60_000);
  work.onSlow();
  for (let done = 1; done <= 3; done++) {
    pass(100);
    work.onProgress(done, 16, "simd");
  }
  pass(1000);
  assert.deepEqual(said(), ["about 2 s"]);
});

const HOLD = {
  ...{ textHoldHeading: "One more.", textHoldWhy: "Hold it." },
  textHoldWait: "Or wait {seconds} s.",
};

test("something to do: a page has its words above, and how long waiting takes below", () => {
  const whole = titled(fakeRoot({ ...TEXTS, ...HOLD }), "One moment.", "You need not.");
  page.document.title = "One moment.";
  const its = pageFaceOf(whole);
  assert.equal(its.asking(30_000), whole);
  assert.equal(whole.dataset.state, "asking");
  assert.equal(whole.parts.h1.textContent, "One more.");
  assert.equal(whole.parts[".challenge-why"].textContent, "Hold it.");
  pass(10_000);
  assert.deepEqual(whole.parts.live.texts, ["Or wait 30 s.", "Or wait 20 s."]);
  its.working();
  pass(60_000);
  assert.equal(whole.parts.live.texts.length, 2, "nothing goes on counting");
  assert.equal(whole.parts.h1.textContent, "One moment.");
});

test("without a heading the words come with it", () => {
  root = fakeRoot({ ...TEXTS, ...HOLD });
  faceOf(root).asking(30_000);
  assert.deepEqual(said(), ["Hold it. Or wait 30 s."]);
});
