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
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const stop = () => clearInterval(timer);
  return {
    stop,
    /**
     * @param {number} ms until it is the visitor's turn
     * @param {number} [moreMs] until there is more, for who has no place yet
     */
    start(ms, moreMs) {
      stop();
      const heading = moreMs ? texts.textMoreHeading : texts.textQueueHeading;
      // A page has it above.
      const before = heading && !root.querySelector("h1") ? `${heading} ` : "";
      const left = leftOf(moreMs ?? ms);
      let said = "";
      const say = () => {
        const when = textOf(left(), texts, Boolean(moreMs));
        // The same words again would be heard again.
        if (when !== said) live.last(before + when);
        said = when;
      };
      say();
      timer = setInterval(say, STEP_MS);
    },
  };
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
