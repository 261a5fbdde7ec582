import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { faceOf } from "../src/face.js";
import { fakeRoot, furnish } from "./fake_dom.js";
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

beforeEach(() => {
  page = fakePage();
  events = furnish(page.document);
  root = fakeRoot({ ...TEXTS });
  face = faceOf(root);
  clock = 0;
  mock.method(performance, "now", () => clock);
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  page.restore();
});

function pass(ms) {
  clock += ms;
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
