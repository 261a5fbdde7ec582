/**
 * What is laid on the counter: a challenge asked for, solved and signed, ready to be redeemed.
 */

import { ChallengeError } from "./errors.js";
import { post } from "./http.js";
import { WAITED } from "./interaction/interact.js";

/** Where the whole would take longer, a part is bought at a time. */
const PATIENCE_MS = 5000;

/**
 * @typedef {object} Maker
 * @property {string} prefix of the API, such as `/challenge`
 * @property {string} [resource] the path that the visitor wants
 * @property {number} [units] that it costs: fewer are not bought
 * @property {object} [question] what is asked for in their place
 * @property {(challenge: string, puzzle: import("./solver/kinds.js").Puzzle, patienceMs?: number)
 *   => Promise<number[]>} solve rejects with a ChallengeError `too_slow` where it would take longer
 * @property {() => () => void} [prepare] gets ready to solve, while the challenge is asked for;
 *   returns a function that ends what is not needed any more
 * @property {(challenge: string) => Promise<import("./browser_key.js").Proof | undefined>} [prove]
 *   signs with the browser's key, if there is one
 * @property {(asked: import("./interaction/interact.js").Asked)
 *   => Promise<import("./interaction/interact.js").Evidence>} [interact] has the visitor do what is
 *   asked for besides work; without it that is waited out
 * @property {() => Promise<Told>} [tell] says what the report is, where the site wants one
 */

/**
 * @typedef {object} Told
 * @property {string} report what the browser says of itself, empty for nothing
 * @property {() => void} done is called when it has been paid for
 */

/**
 * @typedef {object} Offer
 * @property {string} body The one string for every try: signatures are random, and the server
 *   answers a repeat alike only if it has the same bytes.
 * @property {number} readyAt when the server takes it, on the clock of the surroundings
 * @property {number} lapsesAt when it takes it no longer
 * @property {() => void} [done] is to be called when it has been sold for
 */

/**
 * Asks for a challenge and does its work: on a slow device for fewer units, which cost as much each.
 * @param {Maker} maker
 * @param {boolean} asNew whether to ask without the cookie, as somebody unknown
 * @param {import("./http.js").Surroundings} around
 * @returns {Promise<Offer>}
 */
export async function makeOffer(maker, asNew, around) {
  const dismiss = maker.prepare?.();
  try {
    return await askAndWork(maker, asNew, around);
  } finally {
    dismiss?.();
  }
}

/**
 * @param {Maker} maker
 * @param {boolean} asNew
 * @param {import("./http.js").Surroundings} around
 * @returns {Promise<Offer>}
 */
async function askAndWork(maker, asNew, around) {
  const told = await maker.tell?.();
  const { resource, units } = maker;
  const question = {
    ...(maker.question ?? { resource, units }),
    ...(told?.report ? { report: told.report } : {}),
  };
  const least = units ?? 1;
  const ask = (/** @type {object} */ asked) => askFor(maker, asked, asNew, around);
  const quote = await ask(question);
  const sold = { done: told?.done };
  try {
    const patienceMs = quote.budget > least ? PATIENCE_MS : undefined;
    return { ...(await workOff(maker, quote, patienceMs)), ...sold };
  } catch (error) {
    if (!(error instanceof ChallengeError) || !error.estimateMs) throw error;
    const fitting = Math.floor((quote.budget * PATIENCE_MS) / error.estimateMs);
    const part = await ask({ ...question, most: Math.max(least, fitting) });
    return { ...(await workOff(maker, part)), ...sold };
  }
}

/**
 * @typedef {object} Quote
 * @property {string} challenge
 * @property {import("./solver/kinds.js").Puzzle} puzzle
 * @property {number} budget
 * @property {import("./interaction/interact.js").Interaction} [interaction]
 * @property {number} arrivedAt
 * @property {number} readyAt
 * @property {number} lapsesAt
 */

/**
 * @param {Maker} maker
 * @param {object} question
 * @param {boolean} asNew
 * @param {import("./http.js").Surroundings} around
 * @returns {Promise<Quote>}
 */
async function askFor({ prefix }, question, asNew, around) {
  const askedAt = around.now();
  const credentials = asNew ? "omit" : "same-origin";
  const body = JSON.stringify(question);
  const answer = await post(`${prefix}/v1/challenges`, body, around, { credentials });
  const { challenge, puzzle, budget, interaction } = answer;
  if (typeof challenge !== "string" || typeof puzzle?.kind !== "string") {
    throw new ChallengeError("unexpected_answer");
  }
  const arrivedAt = around.now();
  return {
    ...{ challenge, puzzle, budget, interaction, arrivedAt },
    readyAt: arrivedAt + answer.wait_ms,
    lapsesAt: askedAt + answer.expires_in * 1000,
  };
}

/**
 * @param {Maker} maker
 * @param {Quote} quote
 * @param {number} [patienceMs]
 * @returns {Promise<Offer>}
 */
async function workOff(maker, quote, patienceMs) {
  const { challenge, puzzle, interaction, arrivedAt, lapsesAt } = quote;
  const [answers, proof] = await Promise.all([
    maker.solve(challenge, puzzle, patienceMs),
    maker.prove?.(challenge),
  ]);
  let { readyAt } = quote;
  /** @type {{ interaction?: import("./interaction/interact.js").Evidence }} */
  const done = {};
  if (interaction) {
    const asked = { challenge, interaction, arrivedAt };
    done.interaction = (await maker.interact?.(asked)) ?? WAITED;
    if (done.interaction === WAITED) readyAt = Math.max(readyAt, arrivedAt + interaction.wait_ms);
  }
  return { body: JSON.stringify({ challenge, answers, ...done, ...proof }), readyAt, lapsesAt };
}
