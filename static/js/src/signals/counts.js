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
    /** @param {string} key */
    has: (key) => key in counts,
    /** @param {string} key */
    clear(key) {
      delete counts[key];
    },
    /**
     * Adds `more` of something, and what is told of them as means.
     * @param {string} of the name of how many there are
     * @param {number} most of them
     * @param {number} more
     * @param {Record<string, number>} means
     */
    mean(of, most, more, means) {
      if ((counts[of] ?? 0) + more > most) return;
      counts[of] = (counts[of] ?? 0) + more;
      for (const [key, value] of Object.entries(means)) {
        const sum = sumOf(of, key);
        counts[sum] = (counts[sum] ?? 0) + value * more;
      }
    },
    /** Is called before anything is read or kept. @param {() => void} call */
    before: (call) => void last.push(call),
    /**
     * What there is, and what to call when it has been reported: it is not reported again.
     * @returns {{ values: Record<string, number>, done: () => void }}
     */
    take() {
      complete();
      const taken = { ...counts };
      const done = () => {
        for (const [key, value] of Object.entries(taken)) {
          const left = (counts[key] ?? 0) - value;
          if (left > 0) counts[key] = left;
          else delete counts[key];
        }
        this.keep();
      };
      return { values: told(taken), done };
    },
    keep() {
      complete();
      try {
        storage?.setItem(name, JSON.stringify(counts));
      } catch {
        // Full or forbidden: the next page counts from nothing.
      }
    },
  };
}

/** @typedef {ReturnType<typeof makeCounts>} Counts */

/** Sums are kept, since only they can be taken off again; means are told. */
const SUM = ":";

/**
 * @param {string} of
 * @param {string} key
 */
const sumOf = (of, key) => of + SUM + key;

/**
 * @param {Record<string, number>} counts
 * @returns {Record<string, number>}
 */
function told(counts) {
  const entries = Object.entries(counts).map(([key, value]) => {
    const [of, mean] = key.split(SUM);
    return mean === undefined ? [key, value] : [mean, Math.round(value / (counts[of] ?? 1))];
  });
  return Object.fromEntries(entries);
}

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
