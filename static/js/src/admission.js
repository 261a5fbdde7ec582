/**
 * Gets a visitor what their request lacks, a clearance that will do, while a face tells of it.
 */

import { prove } from "./browser_key.js";
import { obtainClearance } from "./client.js";
import { ChallengeError } from "./errors.js";
import { fetchModule } from "./files.js";
import { browser } from "./http.js";
import { interact } from "./interaction/interact.js";
import { alone } from "./lock.js";
import { leaving, unlessAborted, visible } from "./page.js";
import { makeReport } from "./signals/report.js";
import { compareWorker } from "./signals/worker.js";
import { solveAnywhere } from "./solver/anywhere.js";
import { findEngine } from "./solver/engines.js";
import { startWorkers } from "./solver/pool.js";

/** A shorter wait than this is not worth a word. */
const SILENT_MS = 1000;

/**
 * @typedef {object} Page
 * @property {string} prefix
 * @property {string} site
 * @property {string} resource the path that the visitor wants
 * @property {number} units that it costs
 * @property {boolean} [reports] whether the site wants to know what is odd about the browser
 * @property {boolean} [mustBuy] whether the server has seen that what the visitor holds will not do
 * @property {string} scriptUrl what the workers run
 */

/**
 * What is taken from the browser, so that tests can put their own in its place.
 * @typedef {object} Surroundings
 * @property {boolean} secure
 * @property {boolean} cookies whether they are switched on
 * @property {() => Promise<unknown>} visible
 * @property {() => AbortSignal} leaving
 * @property {typeof alone} alone
 * @property {typeof prove} prove
 * @property {(scriptUrl: string) => unknown} findEngine
 * @property {(scriptUrl: string) => () => void} startWorkers
 * @property {typeof solveAnywhere} solve
 * @property {typeof makeReport} report
 * @property {typeof compareWorker} compareWorker
 * @property {typeof interact} interact
 * @property {(scriptUrl: string) => Promise<import("./interaction/interact.js").Hold>} loadHold
 * @property {import("./http.js").Surroundings} http
 */

/** @typedef {import("./reloads.js").Rounds} Rounds */

/** @returns {Surroundings} */
export const surroundings = () => ({
  ...{ visible, leaving, alone, prove, http: browser },
  ...{ findEngine, startWorkers, solve: solveAnywhere, report: makeReport, compareWorker },
  ...{ interact, loadHold: (scriptUrl) => fetchModule(HOLD_FILE, scriptUrl) },
  secure: window.isSecureContext !== false,
  cookies: navigator.cookieEnabled,
});

/**
 * Resolves when the page is worth asking for again.
 * @param {Page} page
 * @param {import("./face.js").Face} face
 * @param {Rounds} rounds
 * @param {Surroundings} around
 * @param {AbortSignal} signal
 */
export async function admit(page, face, rounds, around, signal) {
  const bought = await obtain(page, face, rounds, around, signal);
  if (!bought) await unlessAborted(around.http.sleep(rounds.pauseMs()), signal);
  rounds.note(bought);
}

/**
 * @param {Page} page
 * @param {import("./face.js").Face} face
 * @param {Rounds} rounds
 * @param {Surroundings} around
 * @param {AbortSignal} signal
 */
async function obtain(page, face, rounds, around, signal) {
  const { http } = around;
  const { prefix, site, resource, units, mustBuy, reports } = page;
  // The cookie is a __Host- cookie: over plain http no browser keeps it, and work would be in vain.
  if (!around.secure) throw new ChallengeError("insecure");
  if (!around.cookies) throw new ChallengeError("cookies");
  if (rounds.returning()) throw new ChallengeError("returning");
  /** @param {import("./client.js").Turn} turn */
  const wait = async ({ waitMs, lapses, moreMs }) => {
    if (waitMs >= SILENT_MS) face.queue(waitMs, moreMs);
    await unlessAborted(http.sleep(waitMs), signal);
    // To do the work again and again for nobody would only warm the room.
    if (lapses) await around.visible();
    face.working();
  };
  // It is loaded while the server says what the visitor has, and what it costs.
  around.findEngine(page.scriptUrl);
  // On a page that only waits nothing is counted: what there is to say is said at once.
  const told = reports ? around.report(site) : undefined;
  return obtainClearance({
    ...{ prefix, resource, units, mustBuy, wait, around: http },
    enoughIn: (reading) => enoughIn(reading, page, rounds),
    alone: (work) => around.alone(site, work, signal),
    prepare: () => around.startWorkers(page.scriptUrl),
    prove: (challenge) => around.prove(site, challenge),
    tell: told && (() => told),
    interact: (asked) =>
      around.interact(asked, face, () => around.loadHold(page.scriptUrl), signal),
    solve: (challenge, puzzle, patienceMs) =>
      around.solve(page.scriptUrl, challenge, puzzle, {
        ...{ signal, patienceMs },
        onSeen: reports ? (seen) => around.compareWorker(site, seen) : undefined,
        ...face.solving(puzzle.count),
      }),
  });
}

/**
 * @param {import("./client.js").Reading | undefined} reading
 * @param {Page} page
 * @param {Rounds} rounds
 */
function enoughIn(reading, { units }, rounds) {
  if (!reading) {
    if (rounds.looping()) throw new ChallengeError("cookies");
    return undefined;
  }
  rounds.stuck();
  return reading.remaining < units || rounds.stubborn() ? undefined : reading.not_before_ms;
}

/**
 * What a visitor is told of a failure.
 * @param {DOMStringMap} texts
 * @param {unknown} error
 */
export function textFor(texts, error) {
  const { code, status } = error instanceof ChallengeError ? error : { code: "", status: 0 };
  const failed = texts.textFailed ?? "";
  if (code === "insecure") return texts.textInsecure ?? failed;
  if (code === "cookies") return texts.textCookies ?? failed;
  if (code === "connection") return texts.textConnection ?? failed;
  if (status === 503) return texts.textBusy ?? failed;
  if (status === 403) return texts.textRefused ?? failed;
  return failed;
}
