/**
 * Bundles the browser code: `node build.mjs [--out DIR]` (default: dist beside this file).
 * Two builds of the same sources are the same bytes, so that a build can be checked by repeating it.
 */

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));

const SCRIPT = "text/javascript; charset=utf-8";
const FILES = [
  { name: "challenge.css", source: "src/challenge.css", type: "text/css; charset=utf-8" },
  // A module, which challenge.js fetches by the name that it is given here, so it comes first.
  { name: "widget.js", source: "src/widget/start.js", type: SCRIPT, format: "esm" },
  { name: "challenge.js", source: "src/main.js", type: SCRIPT },
];

/**
 * @param {string} source
 * @param {import("esbuild").Format | undefined} format
 * @param {string} widget the widget's name
 */
async function bundle(source, format = "iife", widget = "") {
  const { outputFiles } = await build({
    absWorkingDir: HERE,
    entryPoints: [source],
    bundle: true,
    minify: true,
    format,
    define: { WIDGET_FILE: JSON.stringify(widget) },
    target: "es2020",
    legalComments: "none",
    write: false,
  });
  return Buffer.from(outputFiles[0].contents);
}

/** @param {Buffer} bytes */
function compressed(bytes) {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
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

const { values } = parseArgs({ options: { out: { type: "string" } } });
const out = values.out ? resolve(values.out) : join(HERE, "dist");
await mkdir(out, { recursive: true });
const manifest = {};
for (const { name, source, type, format } of FILES) {
  const bytes = await bundle(source, format, manifest["widget.js"]?.hashed);
  const { br, gz } = compressed(bytes);
  await writeFile(join(out, name), bytes);
  await writeFile(join(out, `${name}.br`), br);
  await writeFile(join(out, `${name}.gz`), gz);
  manifest[name] = manifestEntry(name, type, bytes);
  console.log(`${name}: ${bytes.length} bytes, br ${br.length}, gz ${gz.length}`);
}
await writeFile(join(out, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
