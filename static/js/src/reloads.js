/**
 * Notices that a page keeps coming back as the interstitial, so that it can stop going round.
 *
 * Two things are kept for this tab and page. Grants that did not stick: this tab bought a clearance
 * and the server does not know of any. And returns: reloads of any cause. Thirty tabs may take
 * the units from under each other a few times, so a few returns are no fault.
 */

const GRANTS_MS = 20_000;
const RETURNS_MS = 60_000;
const LOOP_GRANTS = 2;
const MANY_RETURNS = 3;
const STUBBORN_RETURNS = 6;
const LOOP_RETURNS = 12;
const LONGEST_PAUSE_MS = 4000;

/**
 * What is known of the rounds that a request has gone: asked, refused, asked again.
 * @typedef {object} Rounds
 * @property {() => boolean} looping whether two clearances in 20 s did not stick
 * @property {() => boolean} returning whether the page came back so often that it must stop
 * @property {() => boolean} stubborn whether it came back although the clearance seemed to do: what
 *   it wants must be something else
 * @property {() => number} pauseMs to wait before the next round, so that none of it spins
 * @property {() => void} stuck the server knows the clearance
 * @property {(bought: boolean) => void} note the page is about to be asked for again
 */

/** @typedef {Rounds & { clear: () => void }} Reloads */

/**
 * @typedef {object} Kept
 * @property {string} page
 * @property {number[]} grants times
 * @property {number[]} returns times
 */

/**
 * The guard of one site and page, kept in sessionStorage, or in the history entry where that is
 * refused.
 * @param {string} site
 * @param {string} page
 * @returns {Reloads}
 */
export function reloadsOf(site, page) {
  const name = `challenge-${site}-reloads`;
  const read = () => recent(kept(name), page);
  return {
    looping: () => read().grants.length >= LOOP_GRANTS,
    returning: () => read().returns.length >= LOOP_RETURNS,
    stubborn: () => read().returns.length >= STUBBORN_RETURNS,
    pauseMs() {
      const over = read().returns.length - MANY_RETURNS;
      return over < 0 ? 0 : Math.min(1000 * 2 ** over, LONGEST_PAUSE_MS);
    },
    stuck: () => keep(name, { ...read(), grants: [] }),
    note(bought) {
      const { grants, returns } = read();
      const now = Date.now();
      const later = {
        page,
        grants: bought ? [...grants, now] : grants,
        returns: [...returns, now],
      };
      keep(name, later);
    },
    clear: () => keep(name),
  };
}

/**
 * What still counts. By the wall clock, since no other outlives a page; a time in its future is
 * dropped.
 * @param {Partial<Kept> | undefined} record
 * @param {string} page
 * @returns {Kept}
 */
function recent(record, page) {
  if (record?.page !== page) return { page, grants: [], returns: [] };
  const now = Date.now();
  /** @type {(times: number[] | undefined, span: number) => number[]} */
  const within = (times, span) => (times ?? []).filter((at) => at <= now && now - at < span);
  return {
    page,
    grants: within(record.grants, GRANTS_MS),
    returns: within(record.returns, RETURNS_MS),
  };
}

/**
 * @param {string} name
 * @returns {Partial<Kept> | undefined}
 */
function kept(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "{}");
  } catch {
    return history.state?.[name];
  }
}

/**
 * @param {string} name
 * @param {Kept} [record] nothing to forget it
 */
function keep(name, record) {
  try {
    if (record) sessionStorage.setItem(name, JSON.stringify(record));
    else sessionStorage.removeItem(name);
  } catch {
    if (record || history.state?.[name]) {
      history.replaceState({ ...history.state, [name]: record }, "");
    }
  }
}
