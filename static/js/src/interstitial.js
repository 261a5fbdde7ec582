/**
 * Drives the page that stands in for a protected one until the visitor has a clearance.
 *
 * `#challenge` carries data-prefix, data-site and the texts (data-text-*); further data-units when
 * the page costs more than one.
 */

import { prove } from "./browser_key.js";
import { obtainClearance } from "./client.js";
import { ChallengeError, codeOf } from "./errors.js";
import { faceOf } from "./face.js";
import { browser } from "./http.js";
import { alone } from "./lock.js";
import { activated, leaving, unlessAborted, visible } from "./page.js";
import { reloadsOf } from "./reloads.js";
import { solveAnywhere } from "./solver/anywhere.js";

/** A shorter wait than this is not worth a word. */
const SILENT_MS = 1000;

/**
 * @typedef {object} Page
 * @property {string} prefix
 * @property {string} site
 * @property {string} resource the path that the visitor wants
 * @property {number} units that it costs
 * @property {string} scriptUrl what the workers run
 */

/**
 * What is taken from the browser, so that tests can put their own in its place.
 * @typedef {object} Surroundings
 * @property {boolean} secure
 * @property {boolean} cookies whether they are switched on
 * @property {() => void} reload
 * @property {() => Promise<unknown>} visible
 * @property {() => AbortSignal} leaving
 * @property {typeof alone} alone
 * @property {typeof prove} prove
 * @property {typeof solveAnywhere} solve
 * @property {import("./reloads.js").Reloads} reloads
 * @property {import("./http.js").Surroundings} http
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
  };
  const reloads = reloadsOf(site, location.pathname + location.search);
  const face = faceOf(root);
  const open = () => openPage(page, face, root.dataset, surroundings(reloads));
  root.querySelector("[data-challenge-retry]")?.addEventListener("click", () => {
    root.focus();
    reloads.clear();
    open();
  });
  // A page restored by the back button would show a finished or broken challenge.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  await activated();
  open();
}

/**
 * @param {import("./reloads.js").Reloads} reloads
 * @returns {Surroundings}
 */
const surroundings = (reloads) => ({
  ...{ visible, leaving, alone, prove, reloads, solve: solveAnywhere, http: browser },
  secure: window.isSecureContext !== false,
  cookies: navigator.cookieEnabled,
  reload: () => location.reload(),
});

/**
 * @param {Page} page
 * @param {import("./face.js").Face} face
 * @param {DOMStringMap} texts
 * @param {Surroundings} around
 */
export async function openPage(page, face, texts, around) {
  const { reloads } = around;
  const signal = around.leaving();
  face.working();
  try {
    const bought = await obtain(page, face, around, signal);
    if (!bought) await unlessAborted(around.http.sleep(reloads.pauseMs()), signal);
    reloads.note(bought);
    face.ready();
    around.reload();
  } catch (error) {
    if (!signal.aborted) face.problem(textFor(texts, error), codeOf(error));
  }
}

/**
 * @param {Page} page
 * @param {import("./face.js").Face} face
 * @param {Surroundings} around
 * @param {AbortSignal} signal
 */
async function obtain(page, face, around, signal) {
  const { reloads, http } = around;
  const { prefix, site, resource, units } = page;
  // The cookie is a __Host- cookie: over plain http no browser keeps it, and work would be in vain.
  if (!around.secure) throw new ChallengeError("insecure");
  if (!around.cookies) throw new ChallengeError("cookies");
  if (reloads.returning()) throw new ChallengeError("returning");
  /** @param {import("./client.js").Turn} turn */
  const wait = async ({ waitMs, lapses }) => {
    if (waitMs >= SILENT_MS) face.queue(waitMs);
    await unlessAborted(http.sleep(waitMs), signal);
    // To do the work again and again for nobody would only warm the room.
    if (lapses) await around.visible();
    face.working();
  };
  return obtainClearance({
    ...{ prefix, resource, units, wait, around: http },
    enoughIn: (reading) => enoughIn(reading, page, reloads),
    alone: (work) => around.alone(site, work, signal),
    prove: (challenge) => around.prove(site, challenge),
    solve: (challenge, puzzle) =>
      around.solve(page.scriptUrl, challenge, puzzle, { signal, ...face.solving(puzzle.count) }),
  });
}

/**
 * @param {import("./client.js").Reading | undefined} reading
 * @param {Page} page
 * @param {import("./reloads.js").Reloads} reloads
 */
function enoughIn(reading, { units }, reloads) {
  if (!reading) {
    if (reloads.looping()) throw new ChallengeError("cookies");
    return undefined;
  }
  reloads.stuck();
  return reading.remaining < units || reloads.stubborn() ? undefined : reading.not_before_ms;
}

/**
 * @param {DOMStringMap} texts
 * @param {unknown} error
 */
function textFor(texts, error) {
  const { code, status } = error instanceof ChallengeError ? error : { code: "", status: 0 };
  const failed = texts.textFailed ?? "";
  if (code === "insecure") return texts.textInsecure ?? failed;
  if (code === "cookies") return texts.textCookies ?? failed;
  if (code === "connection") return texts.textConnection ?? failed;
  if (status === 503) return texts.textBusy ?? failed;
  if (status === 403) return texts.textRefused ?? failed;
  return failed;
}
