/**
 * The shape of the movements in one window: strokes between rests, put on a grid of 20 ms with
 * whole pixels, and in them the sub-movements that are long and fast enough to judge.
 */

export const STEP_MS = 20;
/** Sub-movements that take fewer steps, go less far or stay slower have no shape to speak of. */
const LEAST_STEPS = 6;
const LEAST_PX = 40;
const LEAST_PEAK = 4;
/** Direction is read over two steps that go at least so far, so that whole pixels don't show. */
const TURN_PX = 10;
const NO_TURN = 0.035;
/** As far do three steps go whose jitter is looked at. */
const JITTER_PX = 15;
/** Of fewer in a window nothing can be said. */
const LEAST_TURNS = 4;
/** Events that come less often show too little of a movement. */
const COARSE_MS = 40;
/** Mouse keys, switches and slow hands go along the axes and diagonals: nothing to judge. */
const LEAST_OBLIQUE = 0.1;
const PLATEAU = 0.7;

/** @typedef {import("./kinematics.js").Position} Position */
/** @typedef {import("./kinematics.js").Feature} Feature */
/**
 * Positions in the order of time, none more than 100 ms after the one before.
 * @typedef {{ positions: Position[], fromRest: boolean, toRest: boolean }} Stroke
 */
/** @typedef {{ x: number[], y: number[], v: number[] }} Track positions, and px in each step */

/**
 * Each feature as a whole number from 0 to 1000, or nothing if there is too little to judge.
 * @param {Stroke[]} strokes of one window
 * @returns {Record<Feature, number> | undefined}
 */
export function shapeOf(strokes) {
  if (isCoarse(strokes)) return undefined;
  const seen = collector();
  for (const stroke of strokes) {
    const track = onGrid(stroke.positions);
    for (const [from, to] of subMovements(track.v)) {
      collectSpeed(seen, track.v, from, to, stroke);
      collectPath(seen, track.x.slice(from, to + 2), track.y.slice(from, to + 2));
    }
  }
  return featuresOf(seen);
}

/** @param {Stroke[]} strokes */
function isCoarse(strokes) {
  /** @type {number[]} */
  const gaps = [];
  for (const { positions } of strokes) {
    for (let i = 1; i < positions.length; i++) gaps.push(positions[i].t - positions[i - 1].t);
  }
  return median(gaps) > COARSE_MS;
}

/**
 * Between its ends a stroke has steps of the same length, 20 ms or nearly so.
 * @param {Position[]} positions
 * @returns {Track}
 */
function onGrid(positions) {
  // Times from the first one on: the clock may be so high that it is coarse.
  const times = positions.map(({ t }) => t - positions[0].t);
  const length = times[times.length - 1];
  const steps = Math.max(1, Math.round(length / STEP_MS));
  /** @type {Track} */
  const { x, y, v } = { x: [], y: [], v: [] };
  for (let step = 0, i = 0; step <= steps; step++) {
    const t = (step * length) / steps;
    while (i < times.length - 2 && times[i + 1] < t) i++;
    const a = positions[i];
    const b = positions[i + 1] ?? a;
    const share = b.t > a.t ? (t - times[i]) / (b.t - a.t) : 1;
    x.push(Math.round(a.x + share * (b.x - a.x)));
    y.push(Math.round(a.y + share * (b.y - a.y)));
    if (step) v.push(distance(x[step] - x[step - 1], y[step] - y[step - 1]));
  }
  return { x, y, v };
}

/**
 * First and last steps of what is moved without a pause, one still step being none.
 * @param {number[]} v
 */
function subMovements(v) {
  /** @type {[number, number][]} */
  const found = [];
  for (let i = 0; i < v.length; i++) {
    if (!v[i]) continue;
    const from = i;
    while (v[i + 1] || v[i + 2]) i++;
    const speeds = v.slice(from, i + 1);
    const isLong = speeds.length >= LEAST_STEPS && sum(speeds) >= LEAST_PX;
    if (isLong && Math.max(...pairs(speeds)) >= LEAST_PEAK) found.push([from, i]);
  }
  return found;
}

function collector() {
  const lists = () => /** @type {number[]} */ ([]);
  return {
    starts: lists(),
    stops: lists(),
    plateaus: lists(),
    spreads: lists(),
    accelerations: lists(),
    jerks: lists(),
    bows: lists(),
    detours: lists(),
    turns: lists(),
    jitters: lists(),
    steps: 0,
    oblique: 0,
  };
}

/**
 * How fast a sub-movement is, in shares of its own highest speed.
 * @param {ReturnType<typeof collector>} seen
 * @param {number[]} v
 * @param {number} from
 * @param {number} to
 * @param {Stroke} stroke
 */
function collectSpeed(seen, v, from, to, { fromRest, toRest }) {
  const steps = v.slice(from, to + 1);
  const speeds = pairs(steps);
  const peak = Math.max(...speeds);
  const mean = meanOf(steps);
  if (from > 0 || fromRest) seen.starts.push(speeds[0] / peak);
  if (to < v.length - 1 || toRest) seen.stops.push(speeds[speeds.length - 1] / peak);
  seen.plateaus.push(speeds.filter((speed) => speed > PLATEAU * peak).length / speeds.length);
  seen.spreads.push(Math.sqrt(meanOf(steps.map((step) => (step - mean) ** 2))) / mean);
  for (let i = 1; i < steps.length; i++) {
    seen.accelerations.push(Math.abs(steps[i] - steps[i - 1]) / peak);
    if (i > 1) seen.jerks.push(Math.abs(steps[i] - 2 * steps[i - 1] + steps[i - 2]) / peak);
  }
}

/**
 * Which way a sub-movement goes.
 * @param {ReturnType<typeof collector>} seen
 * @param {number[]} x
 * @param {number[]} y
 */
function collectPath(seen, x, y) {
  collectLine(seen, x, y);
  for (let i = 1; i < x.length; i++) {
    const [dx, dy] = [Math.abs(x[i] - x[i - 1]), Math.abs(y[i] - y[i - 1])];
    seen.steps += 1;
    if (dx && dy && dx !== dy) seen.oblique += 1;
  }
  for (let i = 4; i < x.length; i++) {
    const [ax, ay] = [x[i - 2] - x[i - 4], y[i - 2] - y[i - 4]];
    const [bx, by] = [x[i] - x[i - 2], y[i] - y[i - 2]];
    if (Math.min(distance(ax, ay), distance(bx, by)) >= TURN_PX) {
      seen.turns.push(Math.abs(Math.atan2(ax * by - ay * bx, ax * bx + ay * by)));
    }
  }
  for (let i = 3; i < x.length; i++) {
    const [dx, dy] = [x[i] - x[i - 3], y[i] - y[i - 3]];
    const [jx, jy] = [dx - 3 * (x[i - 1] - x[i - 2]), dy - 3 * (y[i - 1] - y[i - 2])];
    const length = distance(dx, dy);
    if (length >= JITTER_PX) seen.jitters.push(Math.abs(jx * dy - jy * dx) / length ** 2);
  }
}

/**
 * Against the straight line between the ends, where they are apart.
 * @param {ReturnType<typeof collector>} seen
 * @param {number[]} x
 * @param {number[]} y
 */
function collectLine(seen, x, y) {
  const [dx, dy] = [x[x.length - 1] - x[0], y[y.length - 1] - y[0]];
  const line = distance(dx, dy);
  if (line < LEAST_PX) return;
  const beside = x.map((_, i) => ((x[i] - x[0]) * dy - (y[i] - y[0]) * dx) / line);
  seen.bows.push(Math.sqrt(meanOf(beside.map((px) => px * px))));
  const path = sum(x.slice(1).map((_, i) => distance(x[i + 1] - x[i], y[i + 1] - y[i])));
  seen.detours.push(Math.min(1, path / line - 1));
}

/**
 * @param {ReturnType<typeof collector>} seen
 * @returns {Record<Feature, number> | undefined}
 */
function featuresOf(seen) {
  const { starts, stops, bows, turns, jitters } = seen;
  const rims = [...starts, ...stops];
  const isEnough =
    rims.length && bows.length && Math.min(turns.length, jitters.length) >= LEAST_TURNS;
  if (!isEnough || seen.oblique < LEAST_OBLIQUE * seen.steps) return undefined;
  return {
    start: whole(1000 * meanOf(starts.length ? starts : rims)),
    stop: whole(1000 * meanOf(stops.length ? stops : rims)),
    plateau: whole(1000 * meanOf(seen.plateaus)),
    spread: whole(500 * meanOf(seen.spreads)),
    acceleration: whole(2000 * median(seen.accelerations)),
    jerk: whole(2000 * median(seen.jerks)),
    bow: whole(100 * meanOf(bows.map((px) => Math.log2(1 + px)))),
    detour: whole(1000 * meanOf(seen.detours)),
    straight: whole(1000 * (turns.filter((turn) => turn < NO_TURN).length / turns.length)),
    jitter: whole(100 * meanOf(jitters.map((share) => 7 + Math.log2(0.01 + share)))),
  };
}

/** @param {number} value */
function whole(value) {
  return Math.min(1000, Math.max(0, Math.round(value)));
}

/**
 * The means of neighbours: speed over 40 ms.
 * @param {number[]} values
 */
function pairs(values) {
  return values.slice(1).map((value, i) => (value + values[i]) / 2);
}

/** @param {number[]} values */
function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {number[]} values */
function meanOf(values) {
  return sum(values) / values.length;
}

/** @param {number[]} values */
function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

/**
 * `Math.hypot` is slower, and not the same to the last bit in every engine.
 * @param {number} x
 * @param {number} y
 */
function distance(x, y) {
  return Math.sqrt(x * x + y * y);
}
