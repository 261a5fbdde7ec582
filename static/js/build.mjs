/**
 * Bundles the browser code: `node build.mjs [--out DIR] [--wasm DIR]` (default: dist beside this
 * file, for both). The WebAssembly comes compiled, from where `./run build` has put it. Two builds
 * of the same sources are the same bytes, so that a build can be checked by repeating it.
 */

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));

const STYLE = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const WASM = "application/wasm";
/** A script knows the names that those before it were given. */
const FILES = [
  { name: "challenge.css", source: "src/challenge.css", type: STYLE },
  { name: "sha256-simd.wasm", type: WASM, as: "SIMD_FILE" },
  { name: "sha256.wasm", type: WASM, as: "WASM_FILE" },
  // Modules, which challenge.js fetches.
  {
    name: "widget.js",
    source: "src/widget/start.js",
    type: SCRIPT,
    format: "esm",
    as: "WIDGET_FILE",
  },
  {
    name: "conduct.js",
    source: "src/signals/conduct.js",
    type: SCRIPT,
    format: "esm",
    as: "CONDUCT_FILE",
  },
  {
    name: "hold.js",
    source: "src/interaction/hold.js",
    type: SCRIPT,
    format: "esm",
    as: "HOLD_FILE",
  },
  {
    name: "gate.js",
    source: "src/gate/start.js",
    type: SCRIPT,
    format: "esm",
    as: "GATE_FILE",
  },
  { name: "challenge.js", source: "src/main.js", type: SCRIPT },
  // For the page that `flask challenge simulate --html` writes, with uPlot (MIT) in them.
  { name: "report.css", source: "src/report/report.css", type: STYLE, with: "uplot" },
  { name: "report.js", source: "src/report/start.js", type: SCRIPT, with: "uplot" },
];

/**
 * @param {string} source
 * @param {import("esbuild").Format | undefined} format
 * @param {Record<string, string>} names of the files made so far
 * @param {string} [guest] a package that is in it: its licence goes with it
 */
async function bundle(source, format = "iife", names = {}, guest) {
  const notice = guest ? await licence(guest) : "";
  const define = Object.entries(names).map(([as, name]) => [as, JSON.stringify(name)]);
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: [source],
    bundle: true,
    minify: true,
    format,
    define: Object.fromEntries(define),
    target: "es2020",
    legalComments: "none",
    banner: { js: notice, css: notice },
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

/** @param {string} name of a package */
async function licence(name) {
  const text = await readFile(join(HERE, "node_modules", name, "LICENSE"), "utf8");
  return `/* ${name}: ${text.replace(/\s+/g, " ").trim()} */`;
}

/**
 * @param {Buffer} bytes
 * @param {boolean} isText
 */
function compressed(bytes, isText) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_MODE]: isText
      ? constants.BROTLI_MODE_TEXT
      : constants.BROTLI_MODE_GENERIC,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  const gz = gzipSync(bytes, { level: 9 });
  gz.fill(0, 4, 8); // The time of the build is no part of the build.
  return { br: brotliCompressSync(bytes, { params }), gz };
}

/**
 * @param {string} name
 * @param {string} type
 * @param {Buffer} bytes
 */
function manifestEntry(name, type, bytes) {
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  return { bytes: bytes.length, hashed: name.replace(".", `.${digest}.`), integrity, type };
}

const folder = { type: "string", default: join(HERE, "dist") };
const { values } = parseArgs({ options: { out: folder, wasm: folder } });
const out = resolve(values.out);
await mkdir(out, { recursive: true });
const manifest = {};
const names = {};
for (const { name, source, type, format, as, with: guest } of FILES) {
  const bytes = source
    ? await bundle(source, format, names, guest)
    : await readFile(join(resolve(values.wasm), name));
  const { br, gz } = compressed(bytes, type !== WASM);
  await writeFile(join(out, name), bytes);
  await writeFile(join(out, `${name}.br`), br);
  await writeFile(join(out, `${name}.gz`), gz);
  manifest[name] = manifestEntry(name, type, bytes);
  if (as) names[as] = manifest[name].hashed;
  console.log(`${name}: ${bytes.length} bytes, br ${br.length}, gz ${gz.length}`);
}
await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
