import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { afterEach, test } from "node:test";
import { findEngine, startEngine } from "../src/solver/engines.js";
import { engines, moduleOf } from "./reference.js";

Object.assign(globalThis, { SIMD_FILE: "sha256-simd.wasm", WASM_FILE: "sha256.wasm" });

const SIMD = "https://site.test/static/sha256-simd.wasm";
const SCALAR = "https://site.test/static/sha256.wasm";
const committed = async (url) =>
  readFileSync(new URL(`../dist/${url.split("/").at(-1)}`, import.meta.url));
const { compile, instantiate } = WebAssembly;

const DAMAGED = new Map(
  [SIMD, SCALAR].map((url) => [url, [0, 1, 2, 3].map((lane) => damage(url, lane))]),
);
const damaged = (url, lane = 0) => DAMAGED.get(url)[lane];

/** A module with one bit of one round's constant changed, in one lane of it. */
function damage(url, lane) {
  const bytes = readFileSync(new URL(`../dist/${url.split("/").at(-1)}`, import.meta.url));
  // 0xa2bfe8a1 as v128.const has it, and as i32.const (signed LEB128).
  const word = Buffer.from(url === SIMD ? "a1e8bfa2" : "a1d1ff957a", "hex");
  const at = bytes.indexOf(word);
  assert.ok(at > 0, `${url} has the constant`);
  bytes[url === SIMD ? at + 4 * lane : at] ^= 1;
  return bytes;
}

let pages = 0;
let loaded;

/** The engine of a page that was not there before; what it fetches is in `loaded`. */
function find(load = committed) {
  loaded = [];
  return findEngine(`https://site.test/static/challenge.js?page=${pages++}`, (url) => {
    loaded.push(url);
    return load(url);
  });
}

afterEach(() => Object.assign(WebAssembly, { compile, instantiate }));

test("the fastest engine, from beside the script, and no other file", async () => {
  const { name, module } = await find();
  assert.equal(name, "simd");
  assert.ok(module instanceof WebAssembly.Module);
  assert.deepEqual(loaded, [SIMD]);
});

test("is looked for once", async () => {
  const url = "https://site.test/static/challenge.js?page=once";
  let loads = 0;
  const load = (file) => {
    loads++;
    return committed(file);
  };
  const [first, second] = await Promise.all([findEngine(url, load), findEngine(url, load)]);
  assert.equal(first, second);
  assert.equal(loads, 1);
});

for (const [what, change] of [
  ["does not compile", () => Buffer.from("<!doctype html>")],
  ["is not to be had", () => Promise.reject(new TypeError("Failed to fetch"))],
  ["is a module of something else", () => Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])],
  ["computes wrongly", (url) => damaged(url)],
]) {
  test(`a SIMD module that ${what}: scalar`, async () => {
    const { name } = await find(async (url) => (url === SIMD ? change(url) : committed(url)));
    assert.equal(name, "wasm");
    assert.deepEqual(loaded, [SIMD, SCALAR]);
  });

  test(`modules of which each ${what}: plain JavaScript`, async () => {
    const found = await find((url) => change(url));
    assert.deepEqual(found, { name: "plain" });
  });
}

for (const lane of [0, 1, 2, 3]) {
  test(`a SIMD module whose lane ${lane} computes wrongly: scalar`, async () => {
    const bytes = damaged(SIMD, lane);
    const { name } = await find(async (url) => (url === SIMD ? bytes : committed(url)));
    assert.equal(name, "wasm");
  });
}

test("a policy without WebAssembly: plain JavaScript, and nothing fetched", async () => {
  WebAssembly.compile = () => Promise.reject(new WebAssembly.CompileError("refused by policy"));
  assert.deepEqual(await find(), { name: "plain" });
  assert.deepEqual(loaded, []);
});

test("a browser without WebAssembly: plain JavaScript", async () => {
  const kept = WebAssembly;
  try {
    globalThis.WebAssembly = undefined;
    assert.deepEqual(await find(), { name: "plain" });
  } finally {
    globalThis.WebAssembly = kept;
  }
});

test("what was found can be sent to a worker and started there", async () => {
  const engine = await startEngine(structuredClone(await find()));
  assert.equal(engine.name, "simd");
  const plain = await startEngine({ name: "plain" });
  const answers = [engine, plain].map((e) =>
    e.prepare(new Uint8Array(32), 3, 1n << 52n).run(100_000),
  );
  assert.equal(answers[0], answers[1]);
  assert.ok(answers[0] >= 0);
});

test("three engines under test", () => {
  assert.deepEqual(
    engines.map(({ name }) => name),
    ["simd", "wasm", "plain"],
  );
});

for (const file of ["sha256-simd.wasm", "sha256.wasm"]) {
  test(`${file} asks for nothing and keeps to 64 KiB`, async () => {
    const module = moduleOf(file);
    assert.deepEqual(WebAssembly.Module.imports(module), []);
    const { exports } = await WebAssembly.instantiate(module);
    assert.equal(exports.memory.buffer.byteLength, 65_536);
  });
}
