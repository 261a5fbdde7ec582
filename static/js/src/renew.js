/**
 * Keeps a visitor's clearance good while they read: renews it in the background, before the budget
 * or the time ends, so that nobody sees an interstitial between two pages.
 */

import { prove } from "./browser_key.js";
import { obtainClearance } from "./client.js";
import { codeOf } from "./errors.js";
import { announce } from "./events.js";
import { browser } from "./http.js";
import { alone } from "./lock.js";
import { activated, leaving, unlessAborted, visible } from "./page.js";
import { reloadsOf } from "./reloads.js";
import { makeReport } from "./signals/report.js";
import { compareWorker } from "./signals/worker.js";
import { solveAnywhere } from "./solver/anywhere.js";

const LAST_UNITS = 1;
const LAST_SECONDS = 120;

/**
 * @typedef {object} Site
 * @property {string} prefix
 * @property {string} site
 * @property {string} scriptUrl what the worker runs
 * @property {boolean} [reports] whether the site wants to know what is odd about the browser
 */

/**
 * @typedef {Site & { remaining: number, expiresIn: number }} Page units and seconds left when the
 *   page was made
 */

/**
 * What is taken from the browser, so that tests can put their own in its place.
 * @typedef {object} Surroundings
 * @property {() => Promise<unknown>} activated
 * @property {() => Promise<unknown>} visible
 * @property {() => AbortSignal} leaving
 * @property {(restored: () => void) => void} onRestored calls back when the page comes back from the
 *   back-forward cache
 * @property {typeof announce} announce
 * @property {typeof alone} alone
 * @property {typeof prove} prove
 * @property {typeof solveAnywhere} solve
 * @property {typeof makeReport} report
 * @property {typeof compareWorker} compareWorker
 * @property {import("./http.js").Surroundings} http
 */

/**
 * Starts on a page whose script tag says what remains; without data-remaining there is nothing to
 * keep.
 * @param {DOMStringMap} dataset of the script tag
 * @param {string} scriptUrl
 */
export function startRenewal(dataset, scriptUrl) {
  const { prefix = "", site = "", remaining, expiresIn } = dataset;
  if (remaining === undefined) return;
  // The page has opened: whatever went wrong before is over.
  reloadsOf(site, location.pathname + location.search).clear();
  const page = { prefix, site, scriptUrl, reports: "reports" in dataset };
  const left = { remaining: Number(remaining), expiresIn: Number(expiresIn) };
  keepRenewed({ ...page, ...left }, surroundings);
}

/** @type {Surroundings} */
const surroundings = {
  ...{ activated, visible, leaving, announce, alone, prove, solve: solveAnywhere, http: browser },
  ...{ report: makeReport, compareWorker },
  onRestored: (restored) =>
    addEventListener("pageshow", (event) => {
      if (event.persisted) restored();
    }),
};

/**
 * Renews now if it is time; else once, when it will be. An open page that nobody reads on must
 * not go on buying.
 * @param {Page} page
 * @param {Surroundings} around
 */
export async function keepRenewed(page, around) {
  const renew = oneAtATime(() => renewIfNeeded(page, around));
  around.onRestored(renew);
  const { remaining, expiresIn } = page;
  if (remaining > LAST_UNITS && expiresIn >= LAST_SECONDS) {
    await around.http.sleep((expiresIn - LAST_SECONDS) * 1000 + 1000);
  }
  await renew();
}

/**
 * Renews now if the clearance has so few units left; for pages that were made without one.
 * @param {Site} site
 * @param {number} remaining
 */
export function renewAfter(site, remaining) {
  if (remaining <= LAST_UNITS) renewIfNeeded(site, surroundings);
}

/** @param {() => Promise<void>} work */
function oneAtATime(work) {
  /** @type {Promise<void> | undefined} */
  let running;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/**
 * Tells of a failure by an event only: the page is open, and the next one will ask again.
 * @param {Site} page
 * @param {Surroundings} around
 */
async function renewIfNeeded(page, around) {
  await around.activated();
  await around.visible();
  const signal = around.leaving();
  try {
    if (await obtain(page, around, signal)) around.announce("verified");
  } catch (error) {
    if (!signal.aborted) around.announce("error", { code: codeOf(error) });
  }
}

/**
 * @param {Site} page
 * @param {Surroundings} around
 * @param {AbortSignal} signal
 */
function obtain({ prefix, site, scriptUrl, reports }, around, signal) {
  const { http } = around;
  return obtainClearance({
    ...{ prefix, resource: location.pathname, around: http },
    enoughIn: (reading) => (willLast(reading) ? 0 : undefined),
    async wait({ bought, lapses, cause, waitMs }) {
      if (bought) return;
      if (lapses) throw cause;
      await unlessAborted(http.sleep(waitMs), signal);
    },
    alone: (work) => around.alone(site, work, signal),
    prove: (challenge) => around.prove(site, challenge),
    tell: reports ? () => around.report(site) : undefined,
    solve(challenge, puzzle, patienceMs) {
      around.announce("statechange", { state: "working" });
      return around.solve(scriptUrl, challenge, puzzle, {
        ...{ signal, patienceMs, workers: 1 },
        onSeen: reports ? (seen) => around.compareWorker(site, seen) : undefined,
      });
    },
  });
}

/** @param {import("./client.js").Reading | undefined} reading */
function willLast(reading) {
  return reading && reading.remaining > LAST_UNITS && reading.expires_in >= LAST_SECONDS;
}
