/**
 * What a page carries for behaviour, with brotli: `node script_bytes.mjs`. Answers the bytes of
 * conduct.js, and of what challenge.js has for it, as if that were a file of its own.
 */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const folder = new URL("../../static/js/", import.meta.url);
const { build } = createRequire(fileURLToPath(new URL("build.mjs", folder)))("esbuild");

const contents = ["counts", "report", "worker", "seen"]
  .map((name) => `export * from "./src/signals/${name}.js";`)
  .join("");
const { outputFiles } = await build({
  stdin: { contents, resolveDir: fileURLToPath(folder) },
  ...{ bundle: true, minify: true, format: "esm", target: "es2020", write: false },
});
const { length: conduct } = await readFile(new URL("dist/conduct.js.br", folder));
const { length: signals } = brotliCompressSync(outputFiles[0].contents);
console.log(JSON.stringify({ conduct, signals }));
