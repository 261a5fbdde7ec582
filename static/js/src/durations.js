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
