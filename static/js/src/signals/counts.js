/**
 * What was counted while a visitor read, kept for this tab from page to page until it is reported.
 */

/** The largest number that the server reads. */
const MOST = 9999;

/** @type {Map<string, Counts>} */
const known = new Map();

/**
 * A site's counts; the same object for all who count.
 * @param {string} site
 */
export function countsOf(site) {
  const counts = known.get(site) ?? makeCounts(site, tabStorage());
  known.set(site, counts);
  return counts;
}

/**
 * @param {string} site
 * @param {Storage | undefined} storage none where it is forbidden: then each page counts for itself
 */
export function makeCounts(site, storage) {
  const name = `challenge-${site}-counts`;
  /** @type {Record<string, number>} */
  const counts = read(storage, name);
  /** @type {(() => void)[]} */
  const last = [];
  const complete = () => {
    for (const call of last) call();
  };
  return {
    /** @param {string} key */
    add(key, by = 1) {
      counts[key] = Math.min((counts[key] ?? 0) + by, MOST);
    },
    /**
     * Adds means over `more` of something to those over what there is of it.
     * @param {string} of the name of how many there are
     * @param {number} most of them
     * @param {number} more
     * @param {Record<string, number>} means
     */
    mean(of, most, more, means) {
      const before = counts[of] ?? 0;
      for (const [key, value] of Object.entries(means)) {
        const all = (counts[key] ?? 0) * before + value * more;
        counts[key] = Math.round(all / (before + more));
      }
      counts[of] = Math.min(before + more, most);
    },
    /** Is called before anything is read or kept. @param {() => void} call */
    before: (call) => void last.push(call),
    /** @returns {Record<string, number>} */
    all() {
      complete();
      return { ...counts };
    },
    keep() {
      complete();
      try {
        storage?.setItem(name, JSON.stringify(counts));
      } catch {
        // Full or forbidden: the next page counts from nothing.
      }
    },
    /** What was reported is not reported again. @param {Record<string, number>} reported */
    less(reported) {
      for (const [key, value] of Object.entries(reported)) {
        const left = (counts[key] ?? 0) - value;
        if (left > 0) counts[key] = left;
        else delete counts[key];
      }
      this.keep();
    },
  };
}

/** @typedef {ReturnType<typeof makeCounts>} Counts */

/**
 * @param {Storage | undefined} storage
 * @param {string} name
 * @returns {Record<string, number>}
 */
function read(storage, name) {
  try {
    const kept = JSON.parse(storage?.getItem(name) ?? "{}");
    const entries = Object.entries(kept).filter(([, value]) => Number.isInteger(value));
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

function tabStorage() {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}
