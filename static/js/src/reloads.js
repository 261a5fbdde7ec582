/**
 * Notices that a page keeps coming back as the interstitial although its clearances were granted:
 * the cookie does not stick, and reloading again would go on for ever.
 */

const LOOP_MS = 20_000;
const LOOP_RELOADS = 2;

/**
 * @typedef {object} Reloads
 * @property {() => boolean} looping whether two clearances were granted for this page within the
 *   last 20 s
 * @property {() => void} note one more clearance was granted
 */

/**
 * The guard of one site and page. Where storage is refused nothing can be counted: a page that
 * has just been reloaded then counts as looping.
 * @param {string} site
 * @param {string} page
 * @returns {Reloads}
 */
export function reloadsOf(site, page) {
  const key = `challenge-${site}-reloads`;
  return {
    looping() {
      try {
        return recent(key, page).length >= LOOP_RELOADS;
      } catch {
        return wasReloaded();
      }
    },
    note() {
      try {
        const times = [...recent(key, page), Date.now()];
        sessionStorage.setItem(key, JSON.stringify({ page, times }));
      } catch {
        // Nothing to keep it in.
      }
    },
  };
}

/**
 * Times of the last grants for this page. The wall clock, since no other outlives a page; a time
 * in its future is dropped. Throws when storage is refused.
 * @param {string} key
 * @param {string} page
 * @returns {number[]}
 */
function recent(key, page) {
  const text = sessionStorage.getItem(key);
  const kept = text ? JSON.parse(text) : undefined;
  if (kept?.page !== page) return [];
  return kept.times.filter((/** @type {number} */ time) => {
    const age = Date.now() - time;
    return age >= 0 && age < LOOP_MS;
  });
}

function wasReloaded() {
  const [entry] = performance.getEntriesByType("navigation");
  return /** @type {PerformanceNavigationTiming | undefined} */ (entry)?.type === "reload";
}
