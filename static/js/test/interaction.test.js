import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { interact, seal } from "../src/interaction/interact.js";
import { listen } from "../src/interaction/presses.js";
import { ringOf } from "../src/interaction/ring.js";
import { makeOffer } from "../src/offer.js";
import { vectors } from "./reference.js";

beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

// -- the ring

function ring(...steps) {
  const states = [];
  const made = ringOf((state) => states.push(state));
  for (const step of steps) made[step]();
  return states;
}

test("held until it is full", () => {
  assert.deepEqual(ring("press", "fill"), ["held", "done"]);
});

test("pressed to start and pressed to stop", () => {
  const states = ring("press", "release", "fill", "press");
  assert.deepEqual(states, ["held", "filling", "full", "done"]);
});

test("let go and held again", () => {
  const states = ring("press", "release", "press", "fill");
  assert.deepEqual(states, ["held", "filling", "held", "done"]);
});

test("nothing is done before it is full, however often it is pressed", () => {
  const often = Array(20).fill(["press", "release"]).flat();
  assert.ok(!ring(...often).includes("done"));
});

test("once done it stays so, and before a press nothing fills it", () => {
  assert.deepEqual(ring("press", "fill", "press", "release", "fill"), ["held", "done"]);
  assert.deepEqual(ring("release", "fill"), []);
});

// -- presses

/** What a button that is used so tells the ring. */
function told(...events) {
  const button = new EventTarget();
  button.setPointerCapture = () => {};
  const calls = [];
  const pressed = { press: () => calls.push("press"), release: () => calls.push("release") };
  listen(button, pressed);
  const kept = events.map(([type, more]) => {
    const event = Object.assign(new Event(type, { cancelable: true }), more);
    return button.dispatchEvent(event);
  });
  return { calls, kept };
}

test("a mouse, a finger: down and up, and the click after it is no other press", () => {
  const down = ["pointerdown", { button: 0, pointerId: 1 }];
  assert.deepEqual(told(down, ["pointerup"], ["click"]).calls, ["press", "release"]);
  assert.deepEqual(told(down, ["pointercancel"]).calls, ["press", "release"]);
  assert.deepEqual(told(["pointerdown", { button: 2, pointerId: 1 }]).calls, []);
});

test("a key that is held repeats, and is one press", () => {
  for (const key of [" ", "Enter"]) {
    const held = [
      ["keydown", { key }],
      ["keydown", { key, repeat: true }],
      ["keyup", { key }],
    ];
    const { calls, kept } = told(...held);
    assert.deepEqual(calls, ["press", "release"]);
    assert.deepEqual(kept, [false, false, false], "no click, and the page does not scroll");
  }
});

test("other keys are the page's", () => {
  const { calls, kept } = told(["keydown", { key: "Tab" }], ["keyup", { key: "Tab" }]);
  assert.deepEqual(calls, []);
  assert.deepEqual(kept, [true, true]);
});

test("a tool that only clicks presses and lets go", () => {
  const click = ["click"];
  assert.deepEqual(told(click, click).calls, ["press", "release", "press", "release"]);
});

test("a touch that was cancelled has no click, so the next one counts", () => {
  const down = ["pointerdown", { button: 0, pointerId: 1 }];
  const { calls } = told(down, ["pointercancel"], ["click"]);
  assert.deepEqual(calls, ["press", "release", "press", "release"]);
});

// -- what is asked, and what shows that it was done

test("the seal is that of the vectors", () => {
  const cases = vectors("interaction.json");
  assert.ok(cases.length >= 3);
  for (const { challenge, kind, after_ms, took_ms, seal: expected } of cases) {
    assert.equal(seal(challenge, kind, after_ms, took_ms), expected);
  }
});

const ASKED = {
  challenge: "c1",
  interaction: { kind: "hold", ms: 1400, wait_ms: 30_000 },
  arrivedAt: 1000,
};

/** Asks somebody, `hold` being what they do; times are on a clock that starts at 1,500 ms. */
function ask(hold, { asked = ASKED, load = async () => ({ hold }), leave } = {}) {
  mock.method(performance, "now", () => 1500);
  const states = [];
  const face = {
    asking: (ms) => {
      states.push(["asking", ms]);
      return "root";
    },
    working: () => states.push(["working"]),
  };
  const signal = leave ?? new AbortController().signal;
  return { evidence: interact(asked, face, load, signal), states };
}

test("what was done is told with its times, from the challenge's arrival on", async () => {
  const shown = [];
  const { evidence, states } = ask(async (...given) => {
    shown.push(given.slice(0, 2));
    return { from: 2812.7, to: 4300.9 };
  });
  assert.deepEqual(await evidence, {
    ...{ kind: "hold", after_ms: 1812, took_ms: 1488 },
    seal: seal("c1", "hold", 1812, 1488),
  });
  assert.deepEqual(shown, [["root", 1400]]);
  assert.deepEqual(states, [["asking", 29_500], ["working"]]);
});

test("a timer that rings early tells no less than was asked for", async () => {
  const { evidence } = ask(async () => ({ from: 2000, to: 3399.2 }));
  assert.equal((await evidence).took_ms, 1400);
});

const never = () => new Promise(() => {});

test("who does nothing has waited", async () => {
  let over;
  const { evidence, states } = ask((...[, , signal]) => {
    over = signal;
    return never();
  });
  await new Promise((resolve) => setImmediate(resolve));
  mock.timers.tick(29_499);
  assert.equal(over.aborted, false);
  mock.timers.tick(1);
  assert.deepEqual(await evidence, { kind: "wait" });
  assert.equal(over.aborted, true, "what was shown is taken away");
  assert.deepEqual(states.at(-1), ["working"]);
});

test("what can't be loaded, or is not known, is waited out", async () => {
  const unknown = { ...ASKED, interaction: { ...ASKED.interaction, kind: "sing" } };
  const lost = { load: () => Promise.reject(new TypeError("offline")) };
  for (const options of [lost, { asked: unknown }]) {
    const { evidence } = ask(never, options);
    await new Promise((resolve) => setImmediate(resolve));
    mock.timers.tick(29_500);
    assert.deepEqual(await evidence, { kind: "wait" });
    mock.restoreAll();
  }
});

test("who leaves has not waited", async () => {
  const page = new AbortController();
  const { evidence } = ask(never, { leave: page.signal });
  page.abort(new Error("left"));
  await assert.rejects(evidence);
});

// -- in an offer

const PUZZLE = { kind: "sha256", count: 1, threshold: "ffffffffffffffff" };
const QUOTE = { challenge: "c1", puzzle: PUZZLE, budget: 5, wait_ms: 0, expires_in: 120 };

function offer(more, maker = {}) {
  const around = {
    now: () => 1000,
    sleep: async () => {},
    fetch: async () => new Response(JSON.stringify({ ...QUOTE, ...more }), { status: 201 }),
  };
  return makeOffer({ prefix: "/gate", solve: async () => [1], ...maker }, false, around);
}

test("nothing is shown where nothing was asked", async () => {
  const { body, readyAt } = await offer({}, { interact: () => assert.fail("asked") });
  assert.deepEqual(JSON.parse(body), { challenge: "c1", answers: [1] });
  assert.equal(readyAt, 1000);
});

test("in the background it is waited out", async () => {
  const { body, readyAt } = await offer({ interaction: ASKED.interaction });
  assert.deepEqual(JSON.parse(body).interaction, { kind: "wait" });
  assert.equal(readyAt, 31_000);
});

test("what was done is in the body, and the offer ready at once", async () => {
  const evidence = { kind: "hold", after_ms: 1, took_ms: 1400, seal: "s" };
  const asked = [];
  const interact = async (given) => {
    asked.push(given);
    return evidence;
  };
  const { body, readyAt } = await offer({ interaction: ASKED.interaction }, { interact });
  assert.deepEqual(JSON.parse(body), { challenge: "c1", answers: [1], interaction: evidence });
  assert.equal(readyAt, 1000);
  assert.deepEqual(asked, [ASKED]);
});
