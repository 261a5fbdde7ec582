/**
 * Letting others go first, on a page and in a worker.
 */

/** Resolves in a task of its own. Timers would do too, but hidden pages get one a second. */
export function nextTask() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve(undefined);
    };
    port2.postMessage(0);
  });
}

/**
 * Resolves after that many milliseconds.
 * @param {number} ms
 */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
