/**
 * Drives the page that stands in for a protected one until the visitor has a clearance.
 *
 * `#challenge` carries data-prefix, data-site and the texts (data-text-*); further data-units when
 * the page costs more than one, and data-buy when what the visitor holds will not do.
 */

import { admit, surroundings, textFor } from "./admission.js";
import { codeOf } from "./errors.js";
import { activated } from "./page.js";
import { pageFaceOf } from "./page_face.js";
import { reloadsOf } from "./reloads.js";

/**
 * @typedef {import("./admission.js").Surroundings & {
 *   reload: () => void, reloads: import("./reloads.js").Reloads }} Surroundings
 */

/**
 * Starts at once, reloads the page when the clearance is there, and offers another try when it
 * could not be had.
 * @param {HTMLElement} root `#challenge`
 * @param {string} scriptUrl
 */
export async function startInterstitial(root, scriptUrl) {
  const { prefix = "", site = "", units } = root.dataset;
  const page = {
    ...{ prefix, site, scriptUrl, resource: location.pathname },
    units: Number(units ?? 1),
    mustBuy: "buy" in root.dataset,
    reports: "reports" in root.dataset,
  };
  const reloads = reloadsOf(site, location.pathname + location.search);
  const face = pageFaceOf(root);
  const reload = () => location.reload();
  const open = () => openPage(page, face, root.dataset, { ...surroundings(), reloads, reload });
  root.querySelector("[data-challenge-retry]")?.addEventListener("click", () => {
    root.focus();
    reloads.clear();
    open();
  });
  // A page restored by the back button would show a finished or broken challenge.
  addEventListener("pageshow", (event) => {
    if (event.persisted) reload();
  });
  await activated();
  open();
}

/**
 * @param {import("./admission.js").Page} page
 * @param {import("./face.js").Face} face
 * @param {DOMStringMap} texts
 * @param {Surroundings} around
 */
export async function openPage(page, face, texts, around) {
  const signal = around.leaving();
  face.working();
  try {
    await admit(page, face, around.reloads, around, signal);
    face.ready();
    around.reload();
  } catch (error) {
    if (!signal.aborted) face.problem(textFor(texts, error), codeOf(error));
  }
}
