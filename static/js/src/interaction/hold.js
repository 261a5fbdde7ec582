/**
 * The interaction `hold`: a button with a ring, in words that the page has. A file of its own, which
 * few visitors ever need.
 */

import { listen } from "./presses.js";
import { ringOf } from "./ring.js";
import { drawRing } from "./ring_drawn.js";
import { HOLD_STYLE } from "./style.js";

/** What the button is called in each state: names of words in the dataset. */
const LABELS = {
  ...{ idle: "textHold", held: "textHoldOn", filling: "textHoldFilling", full: "textHoldFull" },
  done: "textReady",
};

const style = new CSSStyleSheet();
style.replaceSync(HOLD_STYLE);

/**
 * Shows the button in `root` until it was held or `signal` aborts, and resolves with the times at
 * which that began and ended, on the clock of `performance.now`.
 * @param {HTMLElement} root
 * @param {number} ms how long the ring takes to fill
 * @param {AbortSignal} signal
 * @returns {Promise<{ from: number, to: number }>}
 */
export function hold(root, ms, signal) {
  const { box, button, label, heard } = partsOf(root.dataset[LABELS.idle] ?? "", ms);
  const place = show(root, box, button);
  const shown = new AbortController();
  const takeAway = () => {
    shown.abort();
    place.leave();
  };
  signal.addEventListener("abort", takeAway, { once: true, signal: shown.signal });
  return new Promise((resolve) => {
    let from = 0;
    const ring = ringOf((state) => {
      for (const told of [label, heard]) told.textContent = root.dataset[LABELS[state]] ?? "";
      if (state === "done") {
        takeAway();
        resolve({ from, to: performance.now() });
      } else if (!from) {
        from = performance.now();
        button.classList.add("is-filling");
        setTimeout(ring.fill, ms);
      }
    });
    listen(button, ring);
  });
}

/**
 * @param {string} name
 * @param {number} ms
 */
function partsOf(name, ms) {
  const box = document.createElement("div");
  box.className = "challenge-hold";
  const button = document.createElement("button");
  button.type = "button";
  button.style.setProperty("--takes", `${ms}ms`);
  const label = document.createElement("span");
  label.textContent = name;
  button.append(drawRing(), label);
  // Not every screen reader tells that the button it is on has another name now.
  const heard = document.createElement("span");
  heard.setAttribute("role", "status");
  box.append(button, heard);
  return { box, button, label, heard };
}

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} box
 * @param {HTMLElement} button
 */
function show(root, box, button) {
  const page = /** @type {Document | ShadowRoot} */ (root.getRootNode());
  if (!page.adoptedStyleSheets.includes(style)) page.adoptedStyleSheets.push(style);
  // Of a gate's own button this one takes the place.
  const before = page.activeElement;
  root.querySelector("[data-challenge-live]")?.before(box);
  if (before instanceof HTMLButtonElement && root.contains(before)) button.focus();
  return {
    leave() {
      const hadFocus = page.activeElement === button;
      box.remove();
      // Focus goes to what is there, not back to the top of the page.
      const next = root.hasAttribute("tabindex") ? root : root.querySelector("button");
      if (hadFocus) next?.focus();
    },
  };
}
