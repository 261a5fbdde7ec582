/**
 * One widget: what it holds, and what happens to it. It knows no elements.
 */

import { ChallengeError, codeOf } from "../errors.js";
import { unlessAborted } from "../page.js";

/** Times that the work may come too late in succession. */
const MOST_TIMEOUTS = 3;
const LONGEST_RETRY_MS = 300_000;

/**
 * What a person sees of it.
 * @typedef {object} Face
 * @property {() => void} idle
 * @property {(quietly: boolean) => void} working
 * @property {() => void} ready
 * @property {(button: boolean) => void} expired
 * @property {(error: unknown, button: boolean) => void} problem
 */

/**
 * What is taken from its surroundings.
 * @typedef {object} Surroundings
 * @property {Face} face
 * @property {(response: string) => void} keep puts it where the form posts it
 * @property {(name: "verified" | "expired" | "error" | "timeout", ...values: unknown[]) => void} tell
 * @property {(signal: AbortSignal) => Promise<import("./earning.js").Granted>} earn
 * @property {(signal: AbortSignal) => Promise<unknown>} seen until a person can see the widget
 * @property {() => number} now milliseconds of a clock that goes on while the device sleeps
 */

export class Widget {
  /**
   * @param {import("./options.js").Options} options
   * @param {Surroundings} around
   */
  constructor(options, around) {
    this.options = options;
    this.around = around;
    /** what a form may post, empty while there is nothing */
    this.response = "";
    /** ends what it is about */
    this.leave = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Promise<string> | undefined} */
    this.running = undefined;
    this.endsAt = Number.POSITIVE_INFINITY;
    /** in succession */
    this.failures = 0;
    around.keep("");
  }

  /** Stops what it is about, and forgets what it has. */
  clear() {
    clearTimeout(this.timer);
    this.leave.abort();
    this.leave = new AbortController();
    this.running = undefined;
    this.endsAt = Number.POSITIVE_INFINITY;
    this.failures = 0;
    this.keep("");
  }

  /** @param {string} response */
  keep(response) {
    this.response = response;
    this.around.keep(response);
  }

  /** Begins by itself, unless the page says when. */
  begin() {
    if (this.options.execution === "render") this.startWhenSeen(false);
  }

  /** Forgets everything, and begins again. */
  reset() {
    this.clear();
    this.around.face.idle();
    this.begin();
  }

  isExpired() {
    return this.around.now() >= this.endsAt;
  }

  /**
   * The response that there is, or that is being worked for, or a new one. Rejects with what went
   * wrong, or with an AbortError after a reset.
   * @param {boolean} [quietly] whether nobody asked for it just now
   * @returns {Promise<string>}
   */
  get(quietly = false) {
    if (this.response && this.isExpired()) this.expire(false);
    if (this.response) return Promise.resolve(this.response);
    if (!this.running) {
      const running = this.earn(quietly);
      const done = () => {
        if (this.running === running) this.running = undefined;
      };
      running.then(done, done);
      this.running = running;
    }
    return this.running;
  }

  /** @param {boolean} quietly */
  startWhenSeen(quietly) {
    const { signal } = this.leave;
    const start = () => this.get(quietly);
    // Whoever has to know of a failure is told of it.
    unlessAborted(this.around.seen(signal), signal)
      .then(start)
      .catch(() => {});
  }

  /** @param {boolean} quietly */
  async earn(quietly) {
    const { signal } = this.leave;
    clearTimeout(this.timer);
    this.around.face.working(quietly);
    try {
      const granted = await this.earnInTime(signal);
      this.verified(granted);
      return granted.response;
    } catch (error) {
      if (!signal.aborted) this.failed(error);
      throw error;
    }
  }

  /** @param {AbortSignal} signal */
  async earnInTime(signal) {
    for (let times = 1; ; times++) {
      try {
        return await unlessAborted(this.around.earn(signal), signal);
      } catch (error) {
        if (signal.aborted || codeOf(error) !== "expired") throw error;
        this.around.tell("timeout");
        const again = this.options["refresh-timeout"] === "auto" && times < MOST_TIMEOUTS;
        if (!again) throw error;
        await unlessAborted(this.around.seen(signal), signal);
      }
    }
  }

  /** @param {import("./earning.js").Granted} granted */
  verified({ response, expiresInMs }) {
    this.failures = 0;
    this.endsAt = this.around.now() + expiresInMs;
    this.keep(response);
    this.timer = setTimeout(() => this.expire(true), expiresInMs);
    this.around.face.ready();
    this.around.tell("verified", response);
  }

  /** @param {boolean} refresh whether it may begin again by itself */
  expire(refresh) {
    const { response, options, around } = this;
    const how = options["refresh-expired"];
    clearTimeout(this.timer);
    this.keep("");
    around.face.expired(how === "manual");
    around.tell("expired", response);
    if (refresh && how === "auto") this.startWhenSeen(true);
  }

  /** @param {unknown} error */
  failed(error) {
    const { options, around } = this;
    const code = codeOf(error);
    around.face.problem(error, code !== "expired" || options["refresh-timeout"] !== "never");
    around.tell("error", code);
    if (options.retry !== "auto" || !mayPass(error)) return;
    const ms = Number(options["retry-interval"]) * 2 ** this.failures++;
    this.timer = setTimeout(() => this.startWhenSeen(true), Math.min(ms, LONGEST_RETRY_MS));
  }
}

/**
 * Whether waiting alone may mend it.
 * @param {unknown} error
 */
function mayPass(error) {
  const { code, status = 0 } = error instanceof ChallengeError ? error : { code: "" };
  return code === "connection" || status >= 500;
}
