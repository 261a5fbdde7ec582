/** Many tabs of one browser against a small model of the server, in made-up time. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { openPage } from "../src/interstitial.js";
import { alone } from "../src/lock.js";
import { reloadsOf } from "../src/reloads.js";
import { fakeLocks, settle } from "./fakes.js";

const SALES = [5, 10, 20];
const MOST_UNITS = 20;
const SOLVE_MS = 300;

let random;

beforeEach(() => {
  const stored = new Map();
  globalThis.sessionStorage = {
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
  };
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  let seed = 7;
  random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  mock.method(Math, "random", random);
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  delete globalThis.sessionStorage;
});

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** One visitor's record, and what the gate and the API say of it. */
function modelServer({ cost = 1, fullUntil = 0, forgetful = false } = {}) {
  const server = { known: false, units: 0, sales: 0, asks: 0, charged: new Set() };
  server.gate = (profile) => {
    if (server.charged.has(profile)) return true;
    if (server.units < cost) return false;
    server.units -= cost;
    server.charged.add(profile);
    return true;
  };
  const reading = () => ({
    ...{ remaining: server.units, budget: MOST_UNITS, not_before_ms: 0, expires_in: 1800 },
  });
  const redeem = ({ challenge }) => {
    const [, sale] = challenge.split(".");
    if (Number(sale) !== server.sales) return [409, { code: "stale" }];
    if (Date.now() < fullUntil) return [429, { code: "band_empty" }, { "Retry-After": "7" }];
    const sold = SALES[Math.min(server.sales, SALES.length - 1)];
    server.units = Math.min(MOST_UNITS, server.units + sold);
    server.sales++;
    server.known = !forgetful;
    return [201, { token: "t", ...reading() }];
  };
  server.answer = (url, body) => {
    if (url.endsWith("/clearance")) return server.known ? [200, reading()] : [404, {}];
    if (url.endsWith("/clearances")) return redeem(JSON.parse(body));
    const challenge = `c${++server.asks}.${server.sales}`;
    return [201, { challenge, puzzle: { kind: "sha256" }, wait_ms: 0, expires_in: 120 }];
  };
  return server;
}

/** What all tabs of one browser share. */
function browserOf(server, locks) {
  const shared = { solving: 0, mostSolving: 0, solves: 0, problems: [], opened: 0, loads: 0 };
  const travel = () => sleep(2 + random() * 40);
  const http = {
    ...{ sleep, now: () => Date.now() },
    async fetch(url, { body }) {
      await travel();
      const [status, data, headers] = server.answer(url, body);
      await travel();
      return new Response(JSON.stringify(data), { status, headers });
    },
  };
  shared.solve = async () => {
    shared.solves++;
    shared.solving++;
    shared.mostSolving = Math.max(shared.mostSolving, shared.solving);
    await sleep(SOLVE_MS);
    shared.solving--;
    return [1];
  };

  /** One load of a page in a tab; it goes on with the next when the interstitial reloads. */
  async function load(tab, profile, solve = shared.solve) {
    shared.loads++;
    await travel();
    const open = server.gate(profile);
    await travel();
    if (open) {
      shared.opened++;
      return;
    }
    const left = new AbortController();
    const face = {
      ...{ working() {}, queue() {}, ready() {}, solving: () => ({}) },
      problem: (_text, code) => shared.problems.push(code),
    };
    const page = {
      ...{ prefix: "/p", site: "main", resource: profile, units: 1 },
      ...{ scriptUrl: "" },
    };
    await openPage(
      page,
      face,
      {},
      {
        ...{
          secure: true,
          cookies: true,
          findEngine() {},
          startWorkers: () => () => {},
          solve,
          http,
          visible: async () => undefined,
        },
        leaving: () => left.signal,
        alone: (site, work, signal) => alone(site, work, signal, locks),
        prove: async () => undefined,
        reloads: reloadsOf(`tab${tab}`, profile),
        reload() {
          left.abort();
          load(tab, profile);
        },
      },
    );
  }
  return { shared, load };
}

/** Lets made-up time pass until `done` or `seconds` have gone. */
async function pass(seconds, done) {
  for (let ms = 0; ms < seconds * 1000 && !done(); ms += 5) {
    mock.timers.tick(5);
    await settle(2);
  }
}

async function openTabs(profiles, server, locks, seconds = 60) {
  const { shared, load } = browserOf(server, locks);
  profiles.forEach((profile, tab) => {
    load(tab, profile);
  });
  await pass(seconds, () => shared.opened + shared.problems.length === profiles.length);
  return shared;
}

const same = Array(30).fill("/ada");
const different = Array.from({ length: 30 }, (_, i) => `/p${i}`);

test("thirty tabs of one profile: one solve, one sale, all open", async () => {
  const server = modelServer();
  const run = await openTabs(same, server, fakeLocks());
  assert.deepEqual(run.problems, []);
  assert.deepEqual([run.opened, run.solves, server.sales], [30, 1, 1]);
});

test("thirty profiles: one solve at a time, the three sales they need, all open", async () => {
  const server = modelServer();
  const run = await openTabs(different, server, fakeLocks());
  assert.deepEqual(run.problems, []);
  assert.deepEqual([run.opened, run.solves, server.sales], [30, 3, 3]);
  assert.equal(run.mostSolving, 1);
  assert.ok(run.loads < 200, `${run.loads} loads`);
});

test("control: without locks thirty profiles solve side by side, and still all open", async () => {
  const server = modelServer();
  const run = await openTabs(different, server, null);
  assert.deepEqual([run.opened, run.problems], [30, []]);
  assert.ok(run.mostSolving > 1);
  assert.ok(run.solves > 3);
});

test("thirty profiles while the network's band is empty: all open when it fills", async () => {
  const server = modelServer({ fullUntil: 1_000_000 + 45_000 });
  const run = await openTabs(different, server, fakeLocks(), 120);
  assert.deepEqual(run.problems, []);
  assert.equal(run.opened, 30);
  assert.equal(run.mostSolving, 1);
  assert.equal(server.sales, 3);
});

test("a tab frozen with the lock in its hand: the others open after 20 s", async () => {
  const server = modelServer();
  const { shared, load } = browserOf(server, fakeLocks());
  load(99, "/frozen", () => new Promise(() => {}));
  await pass(5, () => false);
  for (let tab = 0; tab < 4; tab++) load(tab, `/p${tab}`);
  await pass(15, () => false);
  assert.equal(shared.opened, 0);
  await pass(30, () => shared.opened === 4);
  assert.deepEqual([shared.opened, shared.problems], [4, []]);
});

test("a page that costs more than it says opens nevertheless, without spinning", async () => {
  const server = modelServer({ cost: 4 });
  Object.assign(server, { known: true, units: 2 });
  const run = await openTabs(["/high"], server, fakeLocks());
  assert.deepEqual([run.opened, run.problems], [1, []]);
  assert.ok(run.loads <= 8, `${run.loads} loads`);
});

test("a cookie that does not stick: two solves, then it is said, and that is all", async () => {
  const server = modelServer({ forgetful: true });
  server.gate = () => false;
  const run = await openTabs(["/ada"], server, fakeLocks());
  assert.deepEqual([run.opened, run.problems, run.solves], [0, ["cookies"], 2]);
});

test("a gate that never opens whatever one has: it ends, with few loads and few sales", async () => {
  const server = modelServer();
  server.gate = () => false;
  const run = await openTabs(["/ada"], server, fakeLocks(), 120);
  assert.deepEqual(run.problems, ["returning"]);
  assert.ok(run.loads <= 13, `${run.loads} loads`);
  assert.ok(run.solves <= 7, `${run.solves} solves`);
});
