/**
 * The protocol: look at what the visitor has, and buy when it will not do.
 */

import { ChallengeError } from "./errors.js";
import { browser, get, post } from "./http.js";
import { makeOffer } from "./offer.js";

/** Refusals after which another try may help, and what they have in common. */
const CHANCES = new Map([
  ["expired", "anew"], // The device slept through the challenge's life,
  ["store_changed", "anew"], // or the server has forgotten it: a fresh one will do.
  ["stale", "stale"], // Another tab bought meanwhile.
  ["key_required", "as_new"], // The record's key is lost: be somebody new.
]);

/** Without the lock, tabs that work side by side may lose to each other a few times. */
const MOST_STALE = 5;

const LEAST_PAUSE_MS = 1000;
const USUAL_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 600_000;

/** A longer wait is not sat out with the lock in hand. */
const LONGEST_LOCKED_WAIT_MS = 5000;

/**
 * A clearance as the server reports it.
 * @typedef {object} Reading
 * @property {number} remaining units
 * @property {number} budget
 * @property {number} not_before_ms until the first unit may be used
 * @property {number} expires_in seconds
 */

/**
 * How one turn ended: `bought`, or what the visitor had will do; in both cases after `waitMs`.
 * Or neither, and the next turn is due after `waitMs`.
 * @typedef {object} Turn
 * @property {boolean} [bought]
 * @property {boolean} [had]
 * @property {number} waitMs
 * @property {boolean} [lapses] whether the work done so far is lost after that wait
 * @property {number} [moreMs] until there is more for the network, where there is no place yet
 * @property {ChallengeError} [cause] the refusal that makes us wait
 */

/**
 * @typedef {object} Manner
 * @property {(reading: Reading | undefined) => number | undefined} enoughIn Milliseconds until
 *   what the visitor has will do, undefined if it won't; asked in every turn. May throw to give up.
 * @property {boolean} [mustBuy] the server has seen that what the visitor has will not do: the first
 *   turn need not ask, if it comes at once
 * @property {(turn: Turn) => Promise<void>} wait waits `waitMs`, and may reject to give up
 * @property {<T>(work: (waited: boolean) => Promise<T>) => Promise<T>} [alone] keeps other tabs from working
 * @property {import("./http.js").Surroundings} [around]
 */

/**
 * Sees to it that the visitor's clearance will do, and returns whether it had to be bought; the
 * server sets it as a cookie. Every turn first looks at what other tabs have bought meanwhile. A
 * queue is waited in, however long, without the lock; the same bytes come again after it, while
 * their challenge lives. Rejects with a ChallengeError or with what a callback rejected with.
 * @param {import("./offer.js").Maker & Manner} options
 * @returns {Promise<boolean>}
 */
export async function obtainClearance(options) {
  const { alone = (work) => work(false), wait } = options;
  /** @type {Purchase} */
  const purchase = { used: new Map() };
  for (let { mustBuy = false } = options; ; mustBuy = false) {
    // For whom it waited, that tab may have bought.
    const turn = await alone((waited) => takeTurn(options, purchase, mustBuy && !waited));
    if (turn.waitMs > 0) await wait({ ...turn, waitMs: Math.min(turn.waitMs, LONGEST_PAUSE_MS) });
    if (turn.bought || turn.had) return Boolean(turn.bought);
  }
}

/**
 * The visitor's clearance; undefined when there is none to use.
 * @param {string} prefix
 * @param {import("./http.js").Surroundings} around
 * @returns {Promise<Reading | undefined>}
 */
async function readClearance(prefix, around) {
  try {
    return await get(`${prefix}/v1/clearance`, around);
  } catch (error) {
    if (error instanceof ChallengeError && error.status && error.status < 500) return undefined;
    throw error;
  }
}

/**
 * What is kept from turn to turn.
 * @typedef {object} Purchase
 * @property {import("./offer.js").Offer} [offer]
 * @property {Map<string, number>} used how often each chance was taken
 */

/**
 * @param {import("./offer.js").Maker & Manner} options
 * @param {Purchase} purchase
 * @param {boolean} hasNothing as far as is known, at first
 * @returns {Promise<Turn>}
 */
async function takeTurn(options, purchase, hasNothing) {
  const { prefix, enoughIn, around = browser } = options;
  for (let known = hasNothing; ; known = false) {
    const waitMs = enoughIn(known ? undefined : await readClearance(prefix, around));
    if (waitMs === 0) return { had: true, waitMs };
    if (waitMs) return { waitMs: Math.max(waitMs, LEAST_PAUSE_MS) };
    try {
      return await buy(options, purchase, around);
    } catch (error) {
      if (!(error instanceof ChallengeError)) throw error;
      if (error.status === 429) return queued(error, purchase, around);
      const pauseMs = takeChance(error, purchase);
      if (pauseMs > 0) return { waitMs: pauseMs, cause: error };
    }
  }
}

/**
 * @param {import("./offer.js").Maker & Manner} options
 * @param {Purchase} purchase
 * @param {import("./http.js").Surroundings} around
 * @returns {Promise<Turn>}
 */
async function buy(options, purchase, around) {
  if (purchase.offer && around.now() >= purchase.offer.lapsesAt) purchase.offer = undefined;
  purchase.offer ??= await makeOffer(options, purchase.used.has("as_new"), around);
  const { body, readyAt } = purchase.offer;
  const early = readyAt - around.now();
  if (early > LONGEST_LOCKED_WAIT_MS) return { waitMs: early };
  if (early > 0) await around.sleep(early);
  // Whoever reads on before the answer is there gets its cookie all the same.
  const more = { keepalive: true };
  const clearance = await post(`${options.prefix}/v1/clearances`, body, around, more);
  purchase.offer.done?.();
  return { bought: true, waitMs: clearance.not_before_ms || 0 };
}

/**
 * @param {ChallengeError} cause
 * @param {Purchase} purchase
 * @param {import("./http.js").Surroundings} around
 * @returns {Turn}
 */
function queued(cause, { offer, used }, around) {
  // A queue takes its time: what goes wrong in a while may go wrong again in the next.
  used.delete("anew");
  used.delete("stale");
  const waitMs = queueMs(cause.retryAfterMs);
  const lapses = !offer || around.now() + waitMs >= offer.lapsesAt;
  return { waitMs, lapses, cause, moreMs: cause.opensInMs };
}

/**
 * How long to stand in a queue before asking again.
 * @param {number} [named] by the server
 */
export function queueMs(named = Number.NaN) {
  const asked = named >= 0 ? named : USUAL_PAUSE_MS;
  return Math.min(Math.max(asked, LEAST_PAUSE_MS), LONGEST_PAUSE_MS);
}

/**
 * Begins afresh after a refusal: returns the milliseconds to wait before, or throws the error when
 * it has come too often.
 * @param {ChallengeError} error
 * @param {Purchase} purchase
 */
function takeChance(error, purchase) {
  const { code, status = 0 } = error;
  const chance = CHANCES.get(code);
  const times = purchase.used.get(chance ?? "") ?? 0;
  const refused = status >= 400 && status < 500;
  if (!chance || !refused || times >= (code === "stale" ? MOST_STALE : 1)) throw error;
  purchase.used.set(chance, times + 1);
  purchase.offer = undefined;
  // Chance parts those that lost at the same moment.
  return times > 0 ? LEAST_PAUSE_MS * (1 + 2 * Math.random()) : 0;
}
