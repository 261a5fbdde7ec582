/**
 * What a screen reader hears of the progress: often enough to trust it, seldom enough to bear it.
 */

const PAUSE_MS = 1000;
const SENTENCE_MS = 5000;

/** @typedef {ReturnType<typeof liveRegion>} LiveRegion */

/** @param {Element} region a polite live region */
export function liveRegion(region) {
  let latest = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @param {string} text */
  const say = (text) => {
    clearTimeout(timer);
    timer = undefined;
    region.textContent = text;
  };
  /** @param {number} ms */
  const sayLatestIn = (ms) => {
    timer = setTimeout(() => say(latest), ms);
  };
  return {
    /**
     * Says the latest count, at most once a second and never in the first one.
     * @param {string} text
     */
    count(text) {
      latest = text;
      if (timer === undefined) sayLatestIn(PAUSE_MS);
    },
    /**
     * Says a sentence within a second, and goes on counting when there was time to read it.
     * @param {string} text
     */
    aside(text) {
      clearTimeout(timer);
      // A count may have been said just now.
      timer = setTimeout(() => {
        say(text);
        sayLatestIn(SENTENCE_MS);
      }, PAUSE_MS);
    },
    /**
     * Says these words at once, and nothing else until there is something new.
     * @param {string} text
     */
    last: say,
  };
}
