/**
 * The one error that leaves this package, whoever noticed the failure.
 */

/**
 * `code` is stable: the server's own (problem+json), or one of ours: `connection` (no answer after
 * every try), `unexpected_answer`, `unknown_kind`, `bad_puzzle`, `worker_failed`, `insecure` (the
 * cookie needs https), `cookies` (it does not stick), `returning` (the page keeps coming back),
 * `too_slow` (a piece of work that is too large for this device).
 */
export class ChallengeError extends Error {
  /**
   * @param {string} code
   * @param {{ status?: number, retryAfterMs?: number, opensInMs?: number, estimateMs?: number, cause?: unknown }} [more]
   *   `status` of the HTTP answer, if there was one; `retryAfterMs` when the server named a time;
   *   `opensInMs` when it foretold when a page can open; `estimateMs` that the work would have taken
   */
  constructor(code, more = {}) {
    super(code);
    this.name = "ChallengeError";
    this.code = code;
    this.status = more.status;
    this.retryAfterMs = more.retryAfterMs;
    this.opensInMs = more.opensInMs;
    this.estimateMs = more.estimateMs;
    this.cause = more.cause;
  }
}

/**
 * The code under which any failure is announced.
 * @param {unknown} error
 */
export function codeOf(error) {
  return error instanceof ChallengeError ? error.code : "unexpected";
}
