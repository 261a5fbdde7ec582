import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { activated, leaving, unlessAborted, visible } from "../src/page.js";
import { fakePage, settle } from "./fakes.js";

let page;
afterEach(() => page?.restore());

function watched(promise) {
  const seen = { done: false };
  promise.then(() => {
    seen.done = true;
  });
  return seen;
}

test("a prerendered page waits until it is activated", async () => {
  page = fakePage({ prerendering: true });
  const seen = watched(activated());
  await settle();
  assert.equal(seen.done, false);
  page.activate();
  await settle();
  assert.equal(seen.done, true);
});

test("a hidden page waits until it is shown, and not for a change to hidden", async () => {
  page = fakePage({ hidden: true });
  const seen = watched(visible());
  page.document.dispatchEvent(new Event("visibilitychange"));
  await settle();
  assert.equal(seen.done, false);
  page.show();
  await settle();
  assert.equal(seen.done, true);
});

test("an ordinary page waits for nothing", async () => {
  page = fakePage();
  const seen = [watched(activated()), watched(visible())];
  await settle();
  assert.deepEqual(seen, [{ done: true }, { done: true }]);
});

test("leaving aborts on pagehide", () => {
  page = fakePage();
  const signal = leaving();
  assert.equal(signal.aborted, false);
  page.leave();
  assert.equal(signal.aborted, true);
  assert.equal(leaving().aborted, false);
});

test("unlessAborted passes results on, and stops waiting when the signal aborts", async () => {
  const abort = new AbortController();
  assert.equal(await unlessAborted(Promise.resolve(7)), 7);
  assert.equal(await unlessAborted(Promise.resolve(7), abort.signal), 7);
  await assert.rejects(unlessAborted(Promise.reject(new Error("own")), abort.signal), /own/);
  const stopped = unlessAborted(new Promise(() => {}), abort.signal);
  abort.abort();
  await assert.rejects(stopped, { name: "AbortError" });
  await assert.rejects(unlessAborted(new Promise(() => {}), abort.signal), { name: "AbortError" });
});
