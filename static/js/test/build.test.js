import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";

const made = [];
after(() => {
  for (const out of made) rmSync(out, { recursive: true });
});

function build() {
  const out = mkdtempSync(join(tmpdir(), "challenge-build-"));
  made.push(out);
  const script = fileURLToPath(new URL("../build.mjs", import.meta.url));
  execFileSync(process.execPath, [script, "--out", out]);
  return (name) => readFileSync(join(out, name));
}

const MODULES = ["sha256-simd.wasm", "sha256.wasm"];
const REPORT = ["report.css", "report.js"];
const SCRIPTS = ["widget.js", "conduct.js", "hold.js", "gate.js", "challenge.js"];
const NAMES = ["challenge.css", ...MODULES, ...SCRIPTS, ...REPORT];

test("two builds are the same bytes", () => {
  const [first, second] = [build(), build()];
  const files = NAMES.flatMap((name) => [name, `${name}.br`, `${name}.gz`]).concat("manifest.json");
  for (const out of made.slice(-2)) assert.deepEqual(readdirSync(out).sort(), files.sort());
  for (const name of files) assert.deepEqual(first(name), second(name), name);
});

test("the manifest and the compressed files tell the truth", () => {
  const read = build();
  const manifest = JSON.parse(read("manifest.json"));
  assert.deepEqual(Object.keys(manifest), NAMES);
  for (const [name, entry] of Object.entries(manifest)) {
    const bytes = read(name);
    const digest = (kind, form) => createHash(kind).update(bytes).digest(form);
    const [stem, extension] = name.split(".");
    assert.equal(entry.bytes, bytes.length);
    assert.equal(entry.hashed, `${stem}.${digest("sha256", "hex").slice(0, 12)}.${extension}`);
    assert.equal(entry.integrity, `sha384-${digest("sha384", "base64")}`);
    assert.deepEqual(brotliDecompressSync(read(`${name}.br`)), bytes);
    assert.deepEqual(gunzipSync(read(`${name}.gz`)), bytes);
    assert.equal(read(`${name}.gz`).readUInt32LE(4), 0);
  }
});

test("what is committed compressed is what is committed plain", () => {
  const dist = fileURLToPath(new URL("../dist/", import.meta.url));
  for (const name of NAMES) {
    const bytes = readFileSync(join(dist, name));
    assert.deepEqual(brotliDecompressSync(readFileSync(join(dist, `${name}.br`))), bytes);
    assert.deepEqual(gunzipSync(readFileSync(join(dist, `${name}.gz`))), bytes);
  }
});

test("the bundle keeps to the house rules", () => {
  const read = build();
  for (const name of ["challenge.js", "widget.js"]) {
    const script = read(name).toString();
    const foreign = script.match(/https?:\/\/[^"'`]+/g) ?? [];
    assert.deepEqual(foreign, ["http://www.w3.org/2000/svg"]);
    assert.doesNotMatch(script, /\beval\(|new Function|blob:|innerHTML|createObjectURL/);
  }
});

test("challenge.js asks for other files by the names that change with their content", () => {
  const read = build();
  const manifest = JSON.parse(read("manifest.json"));
  for (const name of [...MODULES, "widget.js"]) {
    assert.ok(read("challenge.js").toString().includes(`"${manifest[name].hashed}"`), name);
  }
});

test("the widget brings neither a solver nor a look at clearances of its own", () => {
  const script = build()("widget.js").toString();
  assert.doesNotMatch(script, /new Worker|v1\/clearance|indexedDB/);
  assert.ok(script.length < 24_000, `${script.length} bytes`);
});

test("the report's files can stand inside a page, fetch nothing, and carry uPlot's licence", () => {
  const read = build();
  for (const name of REPORT) {
    const text = read(name).toString();
    assert.doesNotMatch(text, /<\/(script|style)|<!--|@import|url\(|https?:\/\/|fetch\(|\beval\(/i);
    assert.match(text, /uplot: The MIT License.*Permission is hereby granted/);
  }
});
