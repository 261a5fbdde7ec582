/**
 * The protocol: ask for a challenge, solve it, redeem it.
 */

import { ChallengeError } from "./errors.js";
import { post } from "./http.js";

/** The server has forgotten or outlived the challenge: a fresh one will do. */
const ASK_AGAIN = new Set(["expired", "store_changed"]);

/**
 * @typedef {object} Clearance
 * @property {string} token
 * @property {number} budget
 * @property {number} remaining
 * @property {number} not_before_ms
 * @property {number} expires_in seconds
 */

/**
 * @typedef {object} ClientOptions
 * @property {string} prefix of the API, such as `/challenge`
 * @property {string} [resource] the path that the visitor wants
 * @property {(challenge: string, puzzle: import("./solver/kinds.js").Puzzle) => Promise<number[]>}
 *   solve
 * @property {import("./http.js").Surroundings} [around]
 */

/**
 * Buys a clearance; the server sets it as a cookie too. A challenge that expired on the way is
 * replaced once, silently. Rejects with a ChallengeError or with what `solve` rejected with.
 * @param {ClientOptions} options
 * @returns {Promise<Clearance>}
 */
export async function obtainClearance(options) {
  try {
    return await askSolveRedeem(options);
  } catch (error) {
    if (!mayAskAgain(error)) throw error;
    return askSolveRedeem(options);
  }
}

/** @param {unknown} error */
function mayAskAgain(error) {
  if (!(error instanceof ChallengeError)) return false;
  const { code, status = 0 } = error;
  return ASK_AGAIN.has(code) && status >= 400 && status < 500;
}

/**
 * @param {ClientOptions} options
 * @returns {Promise<Clearance>}
 */
async function askSolveRedeem({ prefix, resource, solve, around = browser }) {
  const question = JSON.stringify({ resource });
  const quote = await post(`${prefix}/v1/challenges`, question, around);
  const quotedAt = around.now();
  if (typeof quote.challenge !== "string" || typeof quote.puzzle?.kind !== "string") {
    throw new ChallengeError("unexpected_answer");
  }
  const answers = await solve(quote.challenge, quote.puzzle);
  const left = quote.wait_ms - (around.now() - quotedAt);
  if (left > 0) await around.sleep(left);
  // One string for every try: the server answers a repeat alike only if it has the same bytes.
  const body = JSON.stringify({ challenge: quote.challenge, answers });
  return post(`${prefix}/v1/clearances`, body, around);
}

/** @type {import("./http.js").Surroundings} */
const browser = {
  fetch: (url, init) => fetch(url, init),
  now: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
