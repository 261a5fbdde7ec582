/**
 * What `bench/_rates.py` calls in the page: a worker for each solver, which rests until it is asked.
 */

/** @type {Map<string, Worker>} */
const workers = new Map();

/**
 * @param {string} name
 * @param {object} request
 */
function asked(name, request) {
  if (!workers.has(name)) workers.set(name, new Worker("worker.js"));
  const worker = workers.get(name);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage({ name, ...request });
  });
}

globalThis.bench = {
  /** The names of all solvers; our own engines come first, the best of them at the start. */
  names: () => asked("", {}),
  /** Hashes and milliseconds of a solver that runs for at least `ms`. */
  run: ([name, ms]) => asked(name, { run: ms }),
  /** Milliseconds that one of our engines takes for each of these puzzles. */
  solve: ([name, puzzles]) => asked(name, { solve: puzzles }),
};
