/**
 * Makes the page that measures: `node bundle.mjs FOLDER`. Nothing of it is kept in the repository.
 */

import { copyFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
// The bench has no bundler of its own.
import { build } from "../../static/js/node_modules/esbuild/lib/main.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];

await build({
  absWorkingDir: HERE,
  entryPoints: ["worker.js", "page.js"],
  outdir: out,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  loader: { ".wasm": "binary" },
  // Of a package's address beside its own script, which is not used here.
  logOverride: { "empty-import-meta": "silent" },
});
// It is a worker's whole script, and used as it is.
await copyFile(
  join(HERE, "node_modules/altcha/dist_external/worker.js"),
  join(out, "altcha_worker.js"),
);
await writeFile(
  join(out, "index.html"),
  '<!doctype html><meta charset="utf-8"><title>Rates</title><script src="page.js"></script>\n',
);
