/** Whether and how challenge.js fetches the widget's file. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { solveAnywhere } from "../src/solver/anywhere.js";
import { offerWidgets } from "../src/widgets.js";

const HASHED = "widget.0123456789ab.js";

let folder;
let elements;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "challenge-widgets-"));
  elements = [];
  Object.assign(globalThis, { WIDGET_FILE: HASHED, started: [] });
  globalThis.document = Object.assign(new EventTarget(), {
    querySelector: (selector) => elements.find((e) => e === selector),
  });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of ["document", "tallygate", "started", "WIDGET_FILE"]) delete globalThis[name];
});

function put(name) {
  const code = `export const startWidgets = (...told) => { started.push(["${name}", ...told]); };`;
  writeFileSync(join(folder, name), code);
}

function script(query = "") {
  return {
    src: `${pathToFileURL(join(folder, "challenge.js"))}${query}`,
    dataset: { prefix: "/c" },
  };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Until something has started, and a little longer; a second at most. */
async function later() {
  for (let left = 20; left > 0 && globalThis.started.length === 0; left--) await pause();
  await pause();
}

const names = () => globalThis.started.map(([name]) => name);

test("a page without widgets fetches nothing, whatever else its URL says", async () => {
  put(HASHED);
  offerWidgets(script("?v=2&unrender=x"))();
  await later();
  assert.deepEqual(names(), []);
});

for (const query of ["?render=explicit", "?onload=fn", "?v=2&onload=fn&render=explicit"]) {
  test(`${query}: fetched, and told of the script and its solver`, async () => {
    put(HASHED);
    const tag = script(query);
    offerWidgets(tag)();
    await later();
    assert.deepEqual(globalThis.started, [[HASHED, tag, solveAnywhere]]);
  });
}

test("an element of the page makes it fetched, once", async () => {
  put(HASHED);
  elements.push("challenge-widget, .challenge-widget");
  const look = offerWidgets(script());
  look();
  look();
  await later();
  assert.deepEqual(names(), [HASHED]);
});

test("the first call of ready fetches it; all are called, in order, also later ones", async () => {
  put(HASHED);
  offerWidgets(script());
  const { ready } = globalThis.tallygate;
  const called = [];
  ready(() => called.push(names().length, "a"));
  ready(() => called.push("b"));
  await later();
  ready(() => called.push("c"));
  await later();
  assert.deepEqual(called, [1, "a", "b", "c"]);
});

test("where the name has changed the fixed one will do", async () => {
  put("widget.js");
  offerWidgets(script("?render=explicit"))();
  await later();
  assert.deepEqual(names(), ["widget.js"]);
});

test("a script that is there twice starts one widget", async () => {
  put(HASHED);
  const first = offerWidgets(script("?render=explicit"));
  const second = offerWidgets(script("?render=explicit"));
  first();
  second();
  await later();
  assert.deepEqual(names(), [HASHED]);
});

test("what is called tallygate by chance is in nobody's way", () => {
  globalThis.tallygate = { localName: "section" };
  offerWidgets(script());
  assert.equal(typeof globalThis.tallygate.ready, "function");
});

/** A form, and how often it was sent by whom. */
function formWith(selector) {
  const sent = [];
  const form = {
    querySelector: (wanted) => (wanted === selector ? {} : null),
    requestSubmit: (submitter) => submit(form, submitter),
    sent,
  };
  return form;
}

function submit(form, submitter = null) {
  const event = Object.assign(new Event("submit", { cancelable: true }), { submitter });
  Object.defineProperty(event, "target", { value: form });
  globalThis.document.dispatchEvent(event);
  if (!event.defaultPrevented) form.sent.push(submitter);
}

const WIDGETS = "challenge-widget, .challenge-widget";

test("a form that is sent before the file has come waits for it, and is sent as it was", async () => {
  put(HASHED);
  elements.push(WIDGETS);
  const form = formWith(WIDGETS);
  const look = offerWidgets(script());
  submit(form, "early");
  look();
  submit(form, "late");
  assert.deepEqual([form.sent, names()], [[], []]);
  await later();
  assert.deepEqual([form.sent, names()], [["early", "late"], [HASHED]]);
  submit(form, "ready");
  assert.deepEqual(form.sent, ["early", "late", "ready"], "the widget's own turn");
});

test("a form without a widget is sent at once", async () => {
  const form = formWith("nothing of ours");
  offerWidgets(script());
  submit(form, "button");
  assert.deepEqual(form.sent, ["button"]);
  await pause();
  assert.deepEqual(names(), []);
});

test("where no file can be had the form is sent all the same", async () => {
  const form = formWith(WIDGETS);
  offerWidgets(script());
  submit(form, "button");
  for (let left = 20; left > 0 && form.sent.length === 0; left--) await pause();
  assert.deepEqual(form.sent, ["button"]);
});
