import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { callbacksOf, optionsOf } from "../src/widget/options.js";

let warnings;

beforeEach(() => {
  warnings = [];
  mock.method(console, "warn", (text) => warnings.push(text));
});
afterEach(() => mock.restoreAll());

const from = (said) => (name) => said[name];

test("without a word", () => {
  assert.deepEqual(optionsOf(from({})), {
    theme: "auto",
    size: "normal",
    appearance: "always",
    execution: "render",
    "response-field": "true",
    retry: "auto",
    "refresh-expired": "auto",
    "refresh-timeout": "auto",
    sitekey: "",
    action: "",
    cdata: "",
    "response-field-name": "challenge-response",
    "retry-interval": "8000",
    tabindex: "",
  });
  assert.deepEqual(warnings, []);
});

test("what is said, as text or as a value", () => {
  const said = { size: "compact", "response-field": false, "retry-interval": 500, tabindex: -1 };
  const options = optionsOf(from({ ...said, cdata: "order-7", action: "sign_up" }));
  assert.deepEqual(
    ["size", "response-field", "retry-interval", "tabindex", "cdata", "action"].map(
      (name) => options[name],
    ),
    ["compact", "false", "500", "-1", "order-7", "sign_up"],
  );
  assert.deepEqual(warnings, []);
});

const ODD = {
  theme: "Dark",
  size: "huge",
  appearance: "never",
  execution: "now",
  "response-field": "no",
  retry: "3",
  "refresh-expired": "yes",
  "refresh-timeout": "often",
  action: "sign up",
  cdata: "a/b",
  sitekey: "a b",
  "retry-interval": "0",
  tabindex: "first",
};

test("what is not known is what it is by default, and is told once", () => {
  const options = optionsOf(from(ODD));
  assert.deepEqual(options, optionsOf(from({})));
  assert.equal(warnings.length, Object.keys(ODD).length);
  for (const [name, value] of Object.entries(ODD)) {
    assert.ok(warnings.some((text) => text.includes(`${name}="${value}"`)));
  }
  optionsOf(from(ODD));
  assert.equal(warnings.length, Object.keys(ODD).length);
});

test("callbacks are functions or names of global ones, and their faults are not ours", async () => {
  const called = [];
  globalThis.onExpired = (...values) => called.push("expired", ...values);
  const call = callbacksOf(
    from({
      callback: (...values) => called.push("done", ...values),
      "expired-callback": "onExpired",
      "error-callback": "nowhere",
    }),
  );
  call("callback", "r");
  call("expired-callback", "old");
  call("error-callback", "connection");
  call("timeout-callback");
  assert.deepEqual(called, [], "never in the middle of our own work");
  await null;
  assert.deepEqual(called, ["done", "r", "expired", "old"]);
  assert.deepEqual(warnings, ['tallygate: error-callback="nowhere" is no function']);
  delete globalThis.onExpired;
});

test("a global function may come later than its widget", async () => {
  const call = callbacksOf(from({ callback: "onLate" }));
  let late;
  globalThis.onLate = (value) => {
    late = value;
  };
  call("callback", "r");
  await null;
  assert.equal(late, "r");
  delete globalThis.onLate;
});
