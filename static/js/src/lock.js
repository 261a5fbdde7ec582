/**
 * One tab of a site works at a time, where the browser has Web Locks.
 */

import { unlessAborted } from "./page.js";

/** A tab frozen with the lock in its hand must not stop the others for ever. */
const MOST_WAIT_MS = 20_000;

/**
 * Runs `work` while this tab holds the site's lock; without the lock when there is none to be
 * had: no Web Locks, a refusal, or 20 s of waiting. The lock is given back when `work` ends, or
 * at once when `signal` aborts, which rejects with the signal's reason.
 * @template T
 * @param {string} site
 * @param {() => Promise<T>} work
 * @param {AbortSignal} [signal]
 * @param {LockManager | undefined} [locks] for tests
 * @returns {Promise<T>}
 */
export async function alone(site, work, signal, locks = globalThis.navigator?.locks) {
  if (signal?.aborted) throw signal.reason;
  if (!locks) return unlessAborted(work(), signal);
  const waiting = new AbortController();
  const stopWaiting = () => waiting.abort();
  const timer = setTimeout(stopWaiting, MOST_WAIT_MS);
  signal?.addEventListener("abort", stopWaiting, { once: true });
  let begun = false;
  const begin = () => {
    begun = true;
    clearTimeout(timer);
    return unlessAborted(work(), signal);
  };
  try {
    return await locks.request(`challenge-${site}`, { signal: waiting.signal }, begin);
  } catch (error) {
    if (begun) throw error;
    if (signal?.aborted) throw signal.reason;
    return await begin();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stopWaiting);
  }
}
