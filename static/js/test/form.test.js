import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { watchForm } from "../src/widget/form.js";

let form;
let response;
let finish;
let told;
let sent;
let ended;

beforeEach(() => {
  [told, sent, ended] = [[], [], new AbortController()];
  response = undefined;
  form = Object.assign(new EventTarget(), {
    method: "post",
    requestSubmit(submitter) {
      if (submitter?.gone) throw new Error("NotFoundError");
      submit(submitter ?? null);
    },
  });
  const waiting = (waits) => told.push(waits);
  watchForm(form, () => response, { waiting, reset: () => told.push("reset") }, ended.signal);
  form.addEventListener("submit", (event) => sent.push(event.submitter));
});

function lack() {
  response = new Promise((resolve, reject) => {
    finish = (error) => (error ? reject(error) : resolve("r1"));
  });
}

function submit(submitter = null) {
  const event = Object.assign(new Event("submit", { cancelable: true }), { submitter });
  form.dispatchEvent(event);
  return event.defaultPrevented;
}

const later = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a form that has its response is sent at once", () => {
  assert.equal(submit("button"), false);
  assert.deepEqual([sent, told], [["button"], []]);
});

test("without it the form waits, and is sent once, by the button that was pressed last", async () => {
  lack();
  const [first, last] = [{ name: "first" }, { name: "last" }];
  assert.deepEqual([submit(first), submit(first), submit(last)], [true, true, true]);
  assert.deepEqual([sent, told], [[], [true]], "nobody else has heard of it");
  finish();
  response = undefined;
  await later();
  assert.deepEqual([sent, told], [[last], [true, false]]);
});

test("the button may be gone by then", async () => {
  lack();
  submit({ gone: true });
  finish();
  response = undefined;
  await later();
  assert.deepEqual(sent, [null]);
});

test("when nothing comes of it the form stays, and may be sent again", async () => {
  lack();
  submit();
  finish(new Error("connection"));
  await later();
  assert.deepEqual([sent, told], [[], [true, false]]);
  response = undefined;
  submit("button");
  assert.deepEqual(sent, ["button"]);
});

test("a button that closes a dialog waits for nothing", () => {
  lack();
  assert.equal(submit({ formMethod: "dialog" }), false);
  form.method = "dialog";
  assert.equal(submit(), false);
  assert.equal(submit({ formMethod: "post" }), true);
});

test("a form that is cleared resets the widget, unless somebody forbids it", async () => {
  form.dispatchEvent(new Event("reset", { cancelable: true }));
  await later();
  assert.deepEqual(told, ["reset"]);
  form.addEventListener("reset", (event) => event.preventDefault());
  form.dispatchEvent(new Event("reset", { cancelable: true }));
  await later();
  assert.deepEqual(told, ["reset"]);
});

test("without its widget the form is left alone", async () => {
  lack();
  submit();
  ended.abort();
  finish();
  await later();
  assert.deepEqual(sent, []);
  assert.equal(submit("button"), false);
  form.dispatchEvent(new Event("reset"));
  await later();
  assert.deepEqual([sent, told.includes("reset")], [["button"], false]);
});
