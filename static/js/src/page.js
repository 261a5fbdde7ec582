/**
 * The states of a page that work waits for: parsed, activated, visible, not yet left.
 */

/** Resolves once a prerendered page is shown to somebody; at once on any other. */
export function activated() {
  const { prerendering } = /** @type {Document & { prerendering?: boolean }} */ (document);
  if (!prerendering) return Promise.resolve();
  return new Promise((resolve) => {
    document.addEventListener("prerenderingchange", () => resolve(undefined), { once: true });
  });
}

/** Resolves once the page is visible. */
export function visible() {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      resolve(undefined);
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}

/**
 * Calls back once the page is parsed, at once if it is.
 * @param {() => void} start
 */
export function whenParsed(start) {
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
}

/**
 * Aborts when the page is left. A page that sleeps in the back-forward cache must keep neither
 * workers nor the lock.
 */
export function leaving() {
  const left = new AbortController();
  addEventListener("pagehide", () => left.abort(), { once: true });
  return left.signal;
}

/**
 * What `promise` comes to; rejects at once when `signal` aborts, however long `promise` takes.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export function unlessAborted(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
