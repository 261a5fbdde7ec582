/**
 * Durations as one says them: about, and rather a little longer than it takes.
 */

/**
 * Whole seconds, never fewer than two, in fives when they are many.
 * @param {number} ms
 */
export function aboutSeconds(ms) {
  const seconds = Math.max(2, Math.ceil(ms / 1000));
  return seconds <= 10 ? seconds : Math.ceil(seconds / 5) * 5;
}

/**
 * `inSeconds` with {seconds} filled in; from two minutes on, `inMinutes` with {minutes}, where
 * there is such a text.
 * @param {number} ms
 * @param {string} [inSeconds]
 * @param {string} [inMinutes]
 */
export function aboutText(ms, inSeconds = "", inMinutes = "") {
  if (inMinutes && ms > 120_000) return inMinutes.replace("{minutes}", `${Math.ceil(ms / 60_000)}`);
  return inSeconds.replace("{seconds}", `${aboutSeconds(ms)}`);
}

/**
 * Counts `ms` down from now on, by the clock that is ahead: while the device sleeps one may stand
 * still, and the other may be set back.
 * @param {number} ms
 * @returns {() => number} milliseconds left
 */
export function leftOf(ms) {
  const [ran, showed] = [performance.now(), Date.now()];
  return () => ms - Math.max(performance.now() - ran, Date.now() - showed);
}

/**
 * `text` with {time} filled in: the visitor's own time of day in `ms`, up to the next whole minute.
 * @param {number} ms
 * @param {string} text
 * @param {string} language
 */
export function clockText(ms, text, language) {
  const at = new Date(Math.ceil((Date.now() + ms) / 60_000) * 60_000);
  // Who speaks the page's language has their own way of writing times in it.
  const own = globalThis.navigator?.language;
  const locale = own?.startsWith(language) ? own : language;
  const time = at.toLocaleTimeString(locale, { hour: "numeric", minute: "2-digit" });
  return text.replace("{time}", time);
}
