/**
 * The tally marks: one stroke a sub-puzzle, four upright and a diagonal to a group of five.
 */

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 40;
const GAP = 10;
const EDGE = 6;

/** A hand does not rule its lines: what each upright leans, from foot to head. */
const LEANS = [1.5, -0.5, 1, 0];

/**
 * Draws `count` faint strokes into `container` and returns a function that inks the first `done`
 * of them. What the container held before is gone.
 * @param {Element} container
 * @param {number} count
 */
export function drawMarks(container, count) {
  /** @type {SVGElement[]} */
  const strokes = [];
  container.replaceChildren();
  for (let left = count; left > 0; left -= 5) {
    container.append(group(Math.min(left, 5), strokes));
  }
  return (/** @type {number} */ done) => {
    strokes.forEach((stroke, i) => {
      stroke.classList.toggle("is-done", i < done);
    });
  };
}

/**
 * @param {number} size 1 to 5 strokes
 * @param {SVGElement[]} strokes the group's strokes are added here
 */
function group(size, strokes) {
  const uprights = Math.min(size, 4);
  const width = 2 * EDGE + GAP * (uprights - 1);
  const svg = element("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` });
  for (let i = 0; i < uprights; i++) {
    const foot = EDGE + GAP * i;
    strokes.push(line(foot, HEIGHT - 3, foot + (LEANS[i] ?? 0), 3));
  }
  if (size === 5) strokes.push(line(1.5, HEIGHT - 10, width - 1.5, 9));
  const ink = strokes.slice(-size);
  svg.append(...ink.map(pencilled), ...ink);
  return svg;
}

/**
 * The guide line under a stroke that is still to come.
 * @param {SVGElement} stroke
 */
function pencilled(stroke) {
  const pencil = /** @type {SVGElement} */ (stroke.cloneNode());
  pencil.classList.add("is-pencil");
  return pencil;
}

/** @type {(x1: number, y1: number, x2: number, y2: number) => SVGElement} */
const line = (x1, y1, x2, y2) => element("line", { x1, y1, x2, y2, pathLength: 1 });

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function element(name, attributes) {
  const made = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
