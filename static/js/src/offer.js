/**
 * What is laid on the counter: a challenge asked for, solved and signed, ready to be redeemed.
 */

import { ChallengeError } from "./errors.js";
import { post } from "./http.js";

/**
 * @typedef {object} Maker
 * @property {string} prefix of the API, such as `/challenge`
 * @property {string} [resource] the path that the visitor wants
 * @property {number} [units] that it costs: fewer are not bought
 * @property {object} [question] what is asked for in their place
 * @property {(challenge: string, puzzle: import("./solver/kinds.js").Puzzle) => Promise<number[]>}
 *   solve
 * @property {(challenge: string) => Promise<import("./browser_key.js").Proof | undefined>} [prove]
 *   signs with the browser's key, if there is one
 */

/**
 * @typedef {object} Offer
 * @property {string} body The one string for every try: signatures are random, and the server
 *   answers a repeat alike only if it has the same bytes.
 * @property {number} readyAt when the server takes it, on the clock of the surroundings
 * @property {number} lapsesAt when it takes it no longer
 */

/**
 * Asks for a challenge and does its work.
 * @param {Maker} maker
 * @param {boolean} asNew whether to ask without the cookie, as somebody unknown
 * @param {import("./http.js").Surroundings} around
 * @returns {Promise<Offer>}
 */
export async function makeOffer(maker, asNew, around) {
  const { prefix, resource, units, question = { resource, units }, solve, prove } = maker;
  const askedAt = around.now();
  const body = JSON.stringify(question);
  const as = asNew ? "omit" : "same-origin";
  const quote = await post(`${prefix}/v1/challenges`, body, around, { credentials: as });
  const { challenge, puzzle } = quote;
  if (typeof challenge !== "string" || typeof puzzle?.kind !== "string") {
    throw new ChallengeError("unexpected_answer");
  }
  const readyAt = around.now() + quote.wait_ms;
  const lapsesAt = askedAt + quote.expires_in * 1000;
  const [answers, proof] = await Promise.all([solve(challenge, puzzle), prove?.(challenge)]);
  return { body: JSON.stringify({ challenge, answers, ...proof }), readyAt, lapsesAt };
}
