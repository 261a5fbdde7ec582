/**
 * Draws the charts of a simulation's report. The numbers are in the page, in `#report`; each chart
 * takes the place of the element that names it.
 */

import uPlot from "uplot";

const HEIGHT = 320;
const LABEL_ROOM = 150;
const LINE_HEIGHT = 16;
const DASHES = [[], [8, 4], [2, 4], [12, 4, 2, 4]];

/**
 * @typedef {object} Chart
 * @property {string} x what the horizontal axis counts
 * @property {string} y
 * @property {boolean} log whether the horizontal axis is logarithmic
 * @property {number[]} at
 * @property {{ label: string, values: (number | null)[], level?: boolean }[]} lines a level is what
 *   others are held against
 */

/** @param {string} name of a custom property */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Writes each line's name at its end, one under the other where they would touch.
 * @param {uPlot} plot
 * @param {Chart} chart
 */
function nameLines(plot, chart) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  const ends = chart.lines
    .map((line, index) => {
      const value = line.values.filter((known) => known !== null).pop() ?? 0;
      return { index, label: line.label, y: plot.valToPos(value, "y", true) };
    })
    .sort((one, other) => one.y - other.y);
  ctx.save();
  ctx.font = `${12 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  let free = 0;
  for (const { index, label, y } of ends) {
    const at = Math.max(y, free);
    ctx.fillStyle = strokeOf(chart, index);
    ctx.fillText(label, bbox.left + bbox.width + 8 * ratio, at);
    free = at + LINE_HEIGHT * ratio;
  }
  ctx.restore();
}

/**
 * @param {Chart} chart
 * @param {number} index of the line
 */
function strokeOf(chart, index) {
  if (chart.lines[index].level) return colour("--warning");
  return colour(index === 0 ? "--ink" : "--accent");
}

/**
 * @param {HTMLElement} root
 * @param {Chart} chart
 */
function draw(root, chart) {
  const ink = { stroke: colour("--soft"), grid: { stroke: "transparent" } };
  const axis = (/** @type {string} */ label) => ({
    ...{ ...ink, label, ticks: { stroke: colour("--pencil") } },
    values: (/** @type {uPlot} */ _, /** @type {(number | null)[]} */ splits) =>
      splits.map((split) => split?.toLocaleString("en") ?? ""),
  });
  const lines = chart.lines.map(({ label, level }, index) => ({
    ...{ label, stroke: strokeOf(chart, index), points: { show: false } },
    ...{ width: level ? 1 : 1.5, dash: level ? [4, 4] : DASHES[index % DASHES.length] },
  }));
  const size = () => ({ width: root.clientWidth, height: HEIGHT });
  /** @type {uPlot.Options} */
  const options = {
    ...{ ...size(), legend: { show: false }, cursor: { show: false } },
    padding: [16, LABEL_ROOM, 0, 0],
    scales: {
      x: { time: false, distr: chart.log ? 3 : 1 },
      y: { range: (_, __, high) => [0, high * 1.05 || 1] },
    },
    axes: [axis(chart.x), { ...axis(chart.y), size: 70 }],
    series: [{ label: chart.x }, ...lines],
    hooks: { draw: [(plot) => nameLines(plot, chart)] },
  };
  const values = chart.lines.map((line) => line.values);
  const plot = new uPlot(options, [chart.at, ...values], root);
  new ResizeObserver(() => plot.setSize(size())).observe(root);
}

/** @returns {Record<string, Chart>} */
const charts = () => JSON.parse(document.getElementById("report")?.textContent ?? "{}");

for (const [id, chart] of Object.entries(charts())) {
  const root = document.getElementById(id);
  if (root) draw(root, chart);
}
