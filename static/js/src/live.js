/**
 * What a screen reader hears of the progress: often enough to trust it, seldom enough to bear it.
 */

const PAUSE_MS = 1000;

/**
 * @param {Element} region a polite live region
 * @param {string} template such as "{done} of {count}"
 */
export function liveCount(region, template) {
  let latest = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return {
    /**
     * Says the latest count, at most once a second and never in the first one.
     * @param {number} done
     * @param {number} count
     */
    count(done, count) {
      latest = template.replace("{done}", `${done}`).replace("{count}", `${count}`);
      timer ??= setTimeout(() => {
        timer = undefined;
        region.textContent = latest;
      }, PAUSE_MS);
    },
    /**
     * Says the last words, at once.
     * @param {string} text
     */
    last(text) {
      clearTimeout(timer);
      timer = undefined;
      region.textContent = text;
    },
  };
}
