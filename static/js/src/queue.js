/**
 * What a visitor sees and hears while only time helps.
 */

import { aboutText, clockText, leftOf } from "./durations.js";

/** What is said changes no more often. */
const STEP_MS = 10_000;

/** From here on a time of day says more than a duration. */
const CLOCK_MS = 120_000;

/**
 * The queue of `root`, whose data-text-* are the words.
 * @param {HTMLElement} root
 * @param {{ last: (text: string) => void }} live
 */
export function queueOn(root, live) {
  const texts = root.dataset;
  // A page has its words above.
  const before = (/** @type {string | undefined} */ words) =>
    words && !root.querySelector("h1") ? `${words} ` : "";
  let stop = () => {};
  /**
   * @param {number} ms
   * @param {(left: number) => string} textOf
   */
  const count = (ms, textOf) => {
    stop();
    stop = keepSaying(ms, textOf, live.last);
  };
  return {
    stop: () => stop(),
    /**
     * Something can be done, or else waited for.
     * @param {number} ms
     */
    wait(ms) {
      const why = before(texts.textHoldWhy);
      count(ms, (left) => why + aboutText(left, texts.textHoldWait));
    },
    /**
     * @param {number} ms until it is the visitor's turn
     * @param {number} [moreMs] until there is more, for who has no place yet
     */
    start(ms, moreMs) {
      const heading = before(moreMs ? texts.textMoreHeading : texts.textQueueHeading);
      count(moreMs ?? ms, (left) => heading + textOf(left, texts, Boolean(moreMs)));
    },
  };
}

/**
 * Says what there is to say of the time that is left, now and whenever that is something else.
 * @param {number} ms
 * @param {(left: number) => string} textOf
 * @param {(text: string) => void} say
 * @returns {() => void} ends it
 */
function keepSaying(ms, textOf, say) {
  const left = leftOf(ms);
  let said = "";
  const look = () => {
    const text = textOf(left());
    // The same words again would be heard again.
    if (text !== said) say(text);
    said = text;
  };
  look();
  const timer = setInterval(look, STEP_MS);
  return () => clearInterval(timer);
}

/**
 * @param {number} ms
 * @param {DOMStringMap} texts
 * @param {boolean} more
 */
function textOf(ms, { textQueue, textQueueMinutes, textMoreAt }, more) {
  if (more && textMoreAt && ms > CLOCK_MS) {
    return clockText(ms, textMoreAt, document.documentElement.lang);
  }
  return aboutText(ms, textQueue, textQueueMinutes);
}
