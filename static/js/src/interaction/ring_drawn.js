/** The ring as it is drawn: a faint circle, and one that fills over it. */

const SVG = "http://www.w3.org/2000/svg";

export function drawRing() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 48 48");
  svg.setAttribute("aria-hidden", "true");
  for (const part of ["track", "ring"]) {
    const circle = document.createElementNS(SVG, "circle");
    const shape = { class: part, cx: 24, cy: 24, r: 20, pathLength: 1 };
    for (const [name, value] of Object.entries(shape)) circle.setAttribute(name, `${value}`);
    svg.append(circle);
  }
  return svg;
}
