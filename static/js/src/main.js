/**
 * The one file that is both: the page's script, and the script of the workers it starts.
 */

import { fetchModule } from "./files.js";
import { defineGate } from "./gate_element.js";
import { startInterstitial } from "./interstitial.js";
import { whenParsed } from "./page.js";
import { startQueue } from "./queue_page.js";
import { startRenewal } from "./renew.js";
import { countsOf } from "./signals/counts.js";
import { makeReport } from "./signals/report.js";
import { serve } from "./solver/worker.js";
import { offerWidgets } from "./widgets.js";

if (typeof document === "undefined") {
  serve(/** @type {import("./solver/worker.js").Scope} */ (/** @type {unknown} */ (globalThis)));
} else {
  // Known only while the script runs for the first time.
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
  if (script) {
    const lookForWidgets = offerWidgets(script);
    whenParsed(() => start(script, lookForWidgets));
  }
}

/**
 * @param {HTMLScriptElement} script
 * @param {() => void} lookForWidgets
 */
function start({ dataset, src }, lookForWidgets) {
  const root = document.getElementById("challenge");
  if (root) {
    if (root.dataset.state === "queue") startQueue(root);
    else startInterstitial(root, src);
  } else {
    if ("reports" in dataset) observe(dataset.site ?? "", src);
    startRenewal(dataset, src);
    defineGate(dataset, src);
    lookForWidgets();
  }
}

/**
 * Counts while the visitor reads, and lets them see what a report would say: `tallygate.report()`.
 * @param {string} site
 * @param {string} scriptUrl
 */
function observe(site, scriptUrl) {
  // A page that cannot have the file counts nothing, which is neutral.
  fetchModule(CONDUCT_FILE, scriptUrl).then(
    ({ watchConduct }) => watchConduct(countsOf(site)),
    () => {},
  );
  const page = /** @type {{ tallygate?: object }} */ (globalThis);
  Object.assign(page.tallygate ?? {}, { report: async () => (await makeReport(site)).report });
}
