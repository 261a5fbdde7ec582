/**
 * Drives the page that stands in for a protected one until the visitor has a clearance.
 *
 * The page's markup is its contract: `#challenge` carries data-prefix, data-site and the texts
 * (data-text-*), and holds [data-challenge-progress], [data-challenge-live],
 * [data-challenge-problem] with [data-challenge-problem-text], and [data-challenge-retry].
 */

import { obtainClearance } from "./client.js";
import { ChallengeError } from "./errors.js";
import { liveCount } from "./live.js";
import { drawMarks } from "./marks.js";
import { reloadsOf } from "./reloads.js";
import { solve } from "./solver/pool.js";

/**
 * Starts at once, reloads the page when the clearance is there, and offers another try when it
 * could not be had. Tells `document` by challenge:progress, challenge:verified, challenge:error.
 * @param {HTMLElement} root `#challenge`
 * @param {string} scriptUrl what the workers run
 */
export function startInterstitial(root, scriptUrl) {
  const reloads = reloadsOf(root.dataset.site ?? "", location.pathname + location.search);
  const retry = find(root, "[data-challenge-retry]");
  retry.addEventListener("click", () => {
    root.focus();
    attempt(root, scriptUrl, reloads);
  });
  // A page restored by the back button would show a finished or broken challenge.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
  if (!navigator.cookieEnabled || reloads.looping()) fail(root, "cookies");
  else attempt(root, scriptUrl, reloads);
}

/**
 * @param {HTMLElement} root
 * @param {string} scriptUrl
 * @param {import("./reloads.js").Reloads} reloads
 */
async function attempt(root, scriptUrl, reloads) {
  root.dataset.state = "working";
  find(root, "[data-challenge-problem]").hidden = true;
  const say = liveCount(find(root, "[data-challenge-live]"), root.dataset.textCount ?? "");
  try {
    await obtainClearance({
      prefix: root.dataset.prefix ?? "",
      resource: location.pathname,
      solve: (challenge, puzzle) => {
        const ink = drawMarks(find(root, "[data-challenge-progress]"), puzzle.count);
        const onProgress = (/** @type {number} */ done, /** @type {number} */ count) => {
          ink(done);
          say.count(done, count);
          announce("progress", { done, count });
        };
        return solve(scriptUrl, challenge, puzzle, { onProgress });
      },
    });
  } catch (error) {
    say.last("");
    fail(root, error instanceof ChallengeError ? error.code : "unexpected", error);
    return;
  }
  say.last(root.dataset.textReady ?? "");
  root.dataset.state = "ready";
  reloads.note();
  announce("verified");
  location.reload();
}

/**
 * @param {HTMLElement} root
 * @param {string} code
 * @param {unknown} [error]
 */
function fail(root, code, error) {
  root.dataset.state = "problem";
  find(root, "[data-challenge-problem-text]").textContent = textFor(root.dataset, code, error);
  find(root, "[data-challenge-problem]").hidden = false;
  announce("error", { code });
}

/**
 * @param {DOMStringMap} texts
 * @param {string} code
 * @param {unknown} error
 */
function textFor(texts, code, error) {
  const status = error instanceof ChallengeError ? error.status : undefined;
  if (code === "cookies") return texts.textCookies ?? "";
  if (code === "connection") return texts.textConnection ?? "";
  if (status === 429 || status === 503) return texts.textBusy ?? "";
  return texts.textFailed ?? "";
}

/**
 * @param {string} name
 * @param {object} [detail]
 */
function announce(name, detail) {
  document.dispatchEvent(new CustomEvent(`challenge:${name}`, { detail }));
}

/**
 * @param {HTMLElement} root
 * @param {string} selector
 */
function find(root, selector) {
  const found = root.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {HTMLElement} */ (found);
}
