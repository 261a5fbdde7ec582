/**
 * The protocol for one response: ask, solve, and hand it in.
 */

import { queueMs } from "../client.js";
import { ChallengeError } from "../errors.js";
import { post } from "../http.js";
import { makeOffer } from "../offer.js";

/**
 * @typedef {object} Granted
 * @property {string} response
 * @property {number} expiresInMs
 */

/**
 * @typedef {object} Earning
 * @property {string} prefix
 * @property {{ action?: string, cdata?: string, sitekey?: string }} question
 * @property {import("../offer.js").Maker["solve"]} solve
 * @property {(ms: number) => Promise<void>} wait stands in a queue
 * @property {import("../http.js").Surroundings} around
 */

/**
 * Earns a response. Rejects with a ChallengeError, whose code is `expired` when the work was not
 * done in time: by a slow device, or one that slept meanwhile.
 * @param {Earning} earning
 * @returns {Promise<Granted>}
 */
export async function earnResponse({ prefix, question, solve, wait, around }) {
  const maker = { prefix, solve, question: { buys: "response", ...question } };
  for (let forgotten = false; ; ) {
    const offer = await makeOffer(maker, false, around);
    const early = offer.readyAt - around.now();
    if (early > 0) await around.sleep(early);
    try {
      const granted = await handIn(`${prefix}/v1/responses`, offer, wait, around);
      if (granted) return granted;
    } catch (error) {
      // The server has forgotten what it said: another challenge will do.
      if (!isCode(error, "store_changed") || forgotten) throw error;
      forgotten = true;
    }
  }
}

/**
 * @param {unknown} error
 * @param {string} code
 */
const isCode = (error, code) => error instanceof ChallengeError && error.code === code;

/**
 * Undefined when the queue took longer than the challenge lives.
 * @param {string} url
 * @param {import("../offer.js").Offer} offer
 * @param {Earning["wait"]} wait
 * @param {Earning["around"]} around
 * @returns {Promise<Granted | undefined>}
 */
async function handIn(url, { body, lapsesAt }, wait, around) {
  if (around.now() >= lapsesAt) throw new ChallengeError("expired");
  /** @type {Granted | undefined} */
  let granted;
  while (!granted && around.now() < lapsesAt) {
    try {
      granted = read(await post(url, body, around));
    } catch (error) {
      if (!(error instanceof ChallengeError) || error.status !== 429) throw error;
      await wait(queueMs(error.retryAfterMs));
    }
  }
  return granted;
}

/**
 * @param {{ response: unknown, expires_in: unknown }} answer
 * @returns {Granted}
 */
function read({ response, expires_in }) {
  if (typeof response !== "string" || typeof expires_in !== "number" || expires_in <= 0) {
    throw new ChallengeError("unexpected_answer");
  }
  return { response, expiresInMs: expires_in * 1000 };
}
