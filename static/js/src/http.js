/**
 * One request of the protocol, sent again while trying again can help.
 */

import { ChallengeError } from "./errors.js";

const MOST_TRIES = 5;
const FIRST_BACKOFF_MS = 300;
const LONGEST_RETRY_AFTER_MS = 10_000;

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
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
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
  return persist(url, { ...SAME_ORIGIN, method: "POST", headers, body, ...more }, around);
}

/**
 * The JSON of a 2xx answer, asked for as patiently as `post` does.
 * @param {string} url
 * @param {Surroundings} around
 * @returns {Promise<any>}
 */
export function get(url, around) {
  const headers = { Accept: "application/json" };
  return persist(url, { ...SAME_ORIGIN, headers }, around);
}

/**
 * @param {string} url
 * @param {RequestInit} init
 * @param {Surroundings} around
 */
async function persist(url, init, around) {
  for (let tries = 1; ; tries++) {
    const answer = await send(url, init, around);
    if (!(answer instanceof ChallengeError)) return answer;
    const wait = waitBeforeNext(answer, tries);
    if (wait === undefined) throw answer;
    await around.sleep(wait);
  }
}

/**
 * The 2xx answer, or the error that it came to: whether to give up is for the caller to say.
 * @param {string} url
 * @param {RequestInit} init
 * @param {Surroundings} around
 */
async function send(url, init, around) {
  let response;
  let text;
  try {
    response = await around.fetch(url, init);
    text = await response.text();
  } catch (cause) {
    return new ChallengeError("connection", { cause });
  }
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
 * @param {any} problem
 */
function refusal(response, problem) {
  const { status } = response;
  const code = typeof problem?.code === "string" ? problem.code : "unexpected_answer";
  const seconds = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const named = status === 425 ? Number(problem?.retry_in_ms) : seconds * 1000;
  return new ChallengeError(code, named >= 0 ? { status, retryAfterMs: named } : { status });
}

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
