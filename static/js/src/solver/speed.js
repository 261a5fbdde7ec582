/**
 * How long a puzzle will take, guessed from the first part of the work.
 */

/** Until an engine is at its speed. */
const WARM_UP_MS = 250;

/** Long enough for a guess, short enough to be given up. */
const ENOUGH_MS = 250;

/**
 * Counts tries until there are enough of them; `onSpeed` is then called once with tries a
 * millisecond. A search that ends before has no need of a guess.
 * @param {(speed: number) => void} onSpeed
 */
export function speedometer(onSpeed) {
  let warmMs = 0;
  let tried = 0;
  let spentMs = 0;
  /**
   * @param {number} tries
   * @param {number} ms in which they were made
   */
  return (tries, ms) => {
    if (warmMs < WARM_UP_MS) {
      warmMs += ms;
    } else if (spentMs < ENOUGH_MS) {
      tried += tries;
      spentMs += ms;
      if (spentMs >= ENOUGH_MS) onSpeed(tried / spentMs);
    }
  };
}

/**
 * Milliseconds that a puzzle takes on average.
 * @param {import("./kinds.js").Puzzle} puzzle
 * @param {number} speed tries a millisecond, of all workers together
 */
export function expectedMs({ count, threshold }, speed) {
  const work = 2 ** 64 / (Number(BigInt(`0x${threshold}`)) + 1);
  return (count * work) / speed;
}
