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

/**
 * Shows the button in `root` until it was held or `signal` aborts, and resolves with the times at
 * which that began and ended, on the clock of `performance.now`.
 * @param {HTMLElement} root
 * @param {number} ms how long the ring takes to fill
 * @param {(text: string) => void} say
 * @param {AbortSignal} signal
 * @returns {Promise<{ from: number, to: number }>}
 */
export function hold(root, ms, say, signal) {
  const { button, label } = buttonOf(root, ms);
  const shown = new AbortController();
  const takeAway = () => {
    shown.abort();
    remove(button, root);
  };
  signal.addEventListener("abort", takeAway, { once: true, signal: shown.signal });
  return new Promise((resolve) => {
    let from = 0;
    const ring = ringOf((state) => {
      label.textContent = root.dataset[LABELS[state]] ?? "";
      say(label.textContent);
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
    root.querySelector("[data-challenge-live]")?.before(button);
  });
}

/**
 * @param {HTMLElement} root
 * @param {number} ms
 */
function buttonOf(root, ms) {
  const page = pageOf(root);
  const style = new CSSStyleSheet();
  style.replaceSync(HOLD_STYLE);
  page.adoptedStyleSheets = [...page.adoptedStyleSheets, style];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "challenge-hold";
  button.style.setProperty("--takes", `${ms}ms`);
  const label = document.createElement("span");
  label.textContent = root.dataset[LABELS.idle] ?? "";
  button.append(drawRing(), label);
  return { button, label };
}

/**
 * @param {HTMLElement} button
 * @param {HTMLElement} root
 */
function remove(button, root) {
  const hadFocus = pageOf(root).activeElement === button;
  button.remove();
  // Focus goes to what is there, not back to the top of the page.
  const next = root.hasAttribute("tabindex") ? root : root.querySelector("button");
  if (hadFocus) next?.focus();
}

/** @param {HTMLElement} root */
const pageOf = (root) => /** @type {Document | ShadowRoot} */ (root.getRootNode());
