/**
 * Main-thread time for a second of movement: `node thread_time.mjs`, with the positions
 * [[t, x, y], ...] of one mouse on standard input. Answers the median of rounds, in milliseconds.
 */

import { text } from "node:stream/consumers";
import { kinematics } from "../../static/js/src/signals/kinematics.js";

const ROUNDS = 41;
const moves = JSON.parse(await text(process.stdin));
const seconds = (moves[moves.length - 1][0] - moves[0][0]) / 1000;
const times = [];
for (let round = 0; round < ROUNDS; round++) {
  const mouse = kinematics();
  const start = performance.now();
  for (const [t, x, y] of moves) mouse.add(t, x, y);
  mouse.summary();
  times.push((performance.now() - start) / seconds);
}
const first = times[0];
times.sort((a, b) => a - b);
console.log(JSON.stringify({ first, median: times[ROUNDS >> 1], events: moves.length / seconds }));
