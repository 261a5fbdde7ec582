/**
 * One request of the protocol, sent again while trying again can help.
 */

import { leftOf } from "./durations.js";
import { ChallengeError } from "./errors.js";

const MOST_TRIES = 5;
const FIRST_BACKOFF_MS = 300;
const LONGEST_RETRY_AFTER_MS = 10_000;

/** In a longer sleep the clocks are looked at so often. */
const LOOK_MS = 10_000;

/** @type {RequestInit} */
const SAME_ORIGIN = { credentials: "same-origin", cache: "no-store" };

/**
 * What is taken from the browser, so that tests can put their own in its place.
 * @typedef {object} Surroundings
 * @property {(url: string, init: RequestInit) => Promise<Response>} fetch
 * @property {(ms: number) => Promise<void>} sleep
 * @property {() => number} now milliseconds on a clock that is never set back; it may stand still
 *   or leap while the device sleeps
 */

/** @type {Surroundings} */
export const browser = {
  fetch: (url, init) => fetch(url, init),
  now: () => performance.now(),
  async sleep(ms) {
    const left = leftOf(ms);
    let next = ms;
    do {
      const pause = Math.min(next, LOOK_MS);
      await new Promise((resolve) => setTimeout(resolve, pause));
      next = ms > LOOK_MS ? left() : 0;
    } while (next > 0);
  },
};

/**
 * Posts `body` and returns the JSON of the 2xx answer. The same bytes are sent again, at most
 * five times in all, after a dropped connection, 409 `in_progress`, 425 and 503; waits are
 * those that the server names, up to 10 s for Retry-After, else 300 ms doubling. Any other refusal
 * rejects with a ChallengeError that carries the server's code.
 * @param {string} url
 * @param {string} body JSON
 * @param {Surroundings} around
 * @param {Pick<RequestInit, "credentials" | "keepalive">} [more]
 * @returns {Promise<any>}
 */
export function post(url, body, around, more) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const init = { ...SAME_ORIGIN, method: "POST", headers, body, ...more };
  return persist(() => askJson(url, init, around), around);
}

/**
 * The JSON of a 2xx answer, asked for as patiently as `post` does.
 * @param {string} url
 * @param {Surroundings} around
 * @returns {Promise<any>}
 */
export function get(url, around) {
  const headers = { Accept: "application/json" };
  return persist(() => askJson(url, { ...SAME_ORIGIN, headers }, around), around);
}

/**
 * The answer to a request for a page of this site, refusals too, asked for as patiently as `get`
 * does; only a 503 that stays one rejects.
 * @param {string} url
 * @param {RequestInit} init
 * @param {Surroundings} around
 * @returns {Promise<Answer>}
 */
export function getPage(url, init, around) {
  return persist(async () => {
    // A redirect to another site fails: nothing of its making belongs on the page.
    const answer = await ask(url, { ...SAME_ORIGIN, mode: "same-origin", ...init }, around);
    if (answer instanceof ChallengeError || answer.response.status !== 503) return answer;
    return refusal(answer.response);
  }, around);
}

/**
 * What `attempt` comes to when trying again is in vain or not needed; an error is thrown.
 * @template T
 * @param {() => Promise<T | ChallengeError>} attempt
 * @param {Surroundings} around
 * @returns {Promise<T>}
 */
async function persist(attempt, around) {
  for (let tries = 1; ; tries++) {
    const answer = await attempt();
    if (!(answer instanceof ChallengeError)) return answer;
    const wait = waitBeforeNext(answer, tries);
    if (wait === undefined) throw answer;
    await around.sleep(wait);
  }
}

/**
 * @typedef {object} Answer
 * @property {Response} response
 * @property {string} text its body
 */

/**
 * @param {string} url
 * @param {RequestInit} init
 * @param {Surroundings} around
 * @returns {Promise<Answer | ChallengeError>}
 */
async function ask(url, init, around) {
  try {
    const response = await around.fetch(url, init);
    return { response, text: await response.text() };
  } catch (cause) {
    return new ChallengeError("connection", { cause });
  }
}

/**
 * The JSON of a 2xx answer, or the error that it came to.
 * @param {string} url
 * @param {RequestInit} init
 * @param {Surroundings} around
 */
async function askJson(url, init, around) {
  const answer = await ask(url, init, around);
  if (answer instanceof ChallengeError) return answer;
  const { response, text } = answer;
  const data = parsed(text);
  if (response.ok && data) return data;
  return refusal(response, response.ok ? undefined : data);
}

/** @param {string} text */
function parsed(text) {
  try {
    const data = JSON.parse(text);
    return typeof data === "object" ? data : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {Response} response
 * @param {any} [problem]
 */
function refusal(response, problem) {
  const { status } = response;
  const code = typeof problem?.code === "string" ? problem.code : "unexpected_answer";
  const named = status === 425 ? Number(problem?.retry_in_ms) : retryAfterMs(response);
  return new ChallengeError(code, {
    status,
    ...(named >= 0 && { retryAfterMs: named }),
    ...(problem?.opens_in_ms > 0 && { opensInMs: Number(problem.opens_in_ms) }),
  });
}

/**
 * NaN when the answer names no time, or a date.
 * @param {Response} response
 */
export const retryAfterMs = ({ headers }) =>
  1000 * Number(headers.get("Retry-After") ?? Number.NaN);

/**
 * Milliseconds until the next try; undefined when there should be none.
 * @param {ChallengeError} error
 * @param {number} tries made so far
 */
function waitBeforeNext({ code, status, retryAfterMs }, tries) {
  const backoff = FIRST_BACKOFF_MS * 2 ** (tries - 1);
  if (tries >= MOST_TRIES) return undefined;
  if (status === 425) return retryAfterMs ?? backoff;
  if (status !== 503 && code !== "connection" && code !== "in_progress") return undefined;
  const wait = retryAfterMs ?? backoff;
  return wait <= LONGEST_RETRY_AFTER_MS ? wait : undefined;
}
