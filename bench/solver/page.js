/**
 * What `bench/_rates.py` calls in the page: one worker at a time, with one solver in it.
 */

/** @type {Worker | undefined} */
let worker;

/** @param {object} request */
function asked(request) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(request);
  });
}

globalThis.bench = {
  /** Starts a solver in a worker of its own and warms it up; the names of all if none is named. */
  start(name, warmMs) {
    worker?.terminate();
    worker = new Worker("worker.js");
    return asked({ start: name, warmMs });
  },
  /** Hashes and milliseconds of the solver that was started. */
  run: (ms) => asked({ run: ms }),
  /** Milliseconds for each of these puzzles, with our engine that was started. */
  solve: (puzzles) => asked({ solve: puzzles }),
};
