/**
 * What the browser would tell of recorded mice: `node summaries.mjs WINDOWS`. Standard input has a
 * line of JSON for each mouse, [{moves: [[t, x, y], ...], end: t}, ...]. The first line of the
 * answer has the names of what is told, each other the summaries of a mouse's windows, so many at a
 * time and in their order.
 */

import { createInterface } from "node:readline";
import { FEATURES, kinematics } from "../../static/js/src/signals/kinematics.js";

const size = Number(process.argv[2]);

/** @param {{ moves: [number, number, number][], end: number }[]} recordings */
function summariesOf(recordings) {
  const mouse = kinematics();
  const summaries = [];
  const take = () => {
    const summary = mouse.summary();
    if (summary.windows < size) return;
    summaries.push(summary);
    mouse.reset();
  };
  for (const { moves, end } of recordings) {
    for (const [t, x, y] of moves) {
      mouse.add(t, x, y);
      take();
    }
    mouse.end(end);
    take();
  }
  return summaries;
}

process.stdout.write(`${JSON.stringify(FEATURES)}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(summariesOf(JSON.parse(line)))}\n`);
}
