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
 * @param {(waited: boolean) => Promise<T>} work is told whether another tab had the lock before
 * @param {AbortSignal} [signal]
 * @param {LockManager | undefined} [locks] for tests
 * @returns {Promise<T>}
 */
export async function alone(site, work, signal, locks = globalThis.navigator?.locks) {
  if (signal?.aborted) throw signal.reason;
  if (!locks) return unlessAborted(work(false), signal);
  const waiting = new AbortController();
  const stopWaiting = () => waiting.abort();
  const timer = setTimeout(stopWaiting, MOST_WAIT_MS);
  signal?.addEventListener("abort", stopWaiting, { once: true });
  let begun = false;
  /** @param {boolean} waited */
  const begin = (waited) => {
    begun = true;
    clearTimeout(timer);
    return unlessAborted(work(waited), signal);
  };
  const name = `challenge-${site}`;
  try {
    /** @type {{ value: T } | undefined} */
    const done = await locks.request(name, { ifAvailable: true }, async (lock) =>
      lock ? { value: await begin(false) } : undefined,
    );
    if (done) return done.value;
    return await locks.request(name, { signal: waiting.signal }, () => begin(true));
  } catch (error) {
    if (begun) throw error;
    if (signal?.aborted) throw signal.reason;
    return await begin(true);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stopWaiting);
  }
}
