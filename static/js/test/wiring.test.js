/** The two faces of the script as the page starts them, on a browser that has little. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { startInterstitial } from "../src/interstitial.js";
import { renewAfter, startRenewal } from "../src/renew.js";
import { fakeRoot, furnish } from "./fake_dom.js";
import { fakePage } from "./fakes.js";

Object.assign(globalThis, { SIMD_FILE: "simd.wasm", WASM_FILE: "scalar.wasm" });

const PUZZLE = { kind: "sha256", count: 2, threshold: "00ffffffffffffff" };
const QUOTE = { challenge: "c1", puzzle: PUZZLE, budget: 5, wait_ms: 0, expires_in: 120 };
const GRANT = { token: "t", budget: 5, remaining: 5, not_before_ms: 0, expires_in: 1800 };
const replaced = ["location", "window", "navigator", "fetch", "sessionStorage"];
const before = replaced.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);

let page;
let events;
let calls;
let stored;
let reading;
let finish;
let finished;

function put(name, value) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}

beforeEach(() => {
  page = fakePage();
  events = furnish(page.document);
  [calls, stored, reading] = [[], new Map(), undefined];
  finished = new Promise((resolve) => {
    finish = resolve;
  });
  put("window", { isSecureContext: true });
  put("navigator", { cookieEnabled: true });
  put("location", { pathname: "/people/ada", search: "?a", reload: () => finish("reload") });
  put("sessionStorage", {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
  });
  put("fetch", async (url, { method = "GET" }) => {
    calls.push(`${method} ${url}`);
    if (url.endsWith("/challenges")) return new Response(JSON.stringify(QUOTE), { status: 201 });
    if (url.endsWith("/clearances")) return new Response(JSON.stringify(GRANT), { status: 201 });
    if (reading) return new Response(JSON.stringify(reading));
    return new Response('{"code":"none"}', { status: 404 });
  });
  for (const name of ["verified", "error"]) {
    page.document.addEventListener(`challenge:${name}`, () => setImmediate(finish, name));
  }
});

afterEach(() => {
  page.restore();
  for (const [name, descriptor] of before) {
    if (descriptor) Object.defineProperty(globalThis, name, descriptor);
    else delete globalThis[name];
  }
});

const BOUGHT = ["GET /c/v1/clearance", "POST /c/v1/challenges", "POST /c/v1/clearances"];

test("the interstitial works without workers, locks, key and IndexedDB, and reloads", async () => {
  const root = fakeRoot({ prefix: "/c", site: "main" });
  startInterstitial(root, "/s.js");
  assert.equal(await finished, "reload");
  assert.deepEqual(calls, BOUGHT);
  const kept = JSON.parse(stored.get("challenge-main-reloads"));
  assert.deepEqual([kept.page, kept.grants.length], ["/people/ada?a", 1]);
});

test("data-units: two units are too few for a page of four", async () => {
  reading = { remaining: 2, budget: 5, not_before_ms: 0, expires_in: 900 };
  startInterstitial(fakeRoot({ prefix: "/c", site: "main", units: "4" }), "/s.js");
  await finished;
  assert.deepEqual(calls, BOUGHT);
});

test("plain http: says so at once; the retry button asks again and says it again", async () => {
  window.isSecureContext = false;
  const root = fakeRoot({ prefix: "/c", site: "main", textInsecure: "Use https." });
  startInterstitial(root, "/s.js");
  assert.equal(await finished, "error");
  root.parts.retry.dispatchEvent(new Event("click"));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(root.parts["problem-text"].texts, ["Use https.", "Use https."]);
  assert.deepEqual(calls, []);
});

test("a prerendered interstitial does nothing until it is shown", async () => {
  page.document.prerendering = true;
  startInterstitial(fakeRoot({ prefix: "/c", site: "main" }), "/s.js");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(calls, []);
  page.activate();
  assert.equal(await finished, "reload");
});

test("a gated page with one unit left renews, and forgets that it was an interstitial", async () => {
  stored.set("challenge-main-reloads", "{}");
  startRenewal({ prefix: "/c", site: "main", remaining: "1", expiresIn: "1500" }, "/s.js");
  assert.equal(await finished, "verified");
  assert.deepEqual(calls, BOUGHT);
  assert.equal(stored.size, 0);
  assert.ok(events.some(([name]) => name === "statechange"));
});

test("a gated page that is hidden waits", async () => {
  page.document.hidden = true;
  startRenewal({ prefix: "/c", site: "main", remaining: "0", expiresIn: "1500" }, "/s.js");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(calls, []);
  page.show();
  assert.equal(await finished, "verified");
});

test("a page that spends its first units later renews after the last but one", async () => {
  renewAfter({ prefix: "/c", site: "main", scriptUrl: "/s.js" }, 2);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(calls, []);
  renewAfter({ prefix: "/c", site: "main", scriptUrl: "/s.js" }, 1);
  assert.equal(await finished, "verified");
  assert.deepEqual(calls, BOUGHT);
});
