/**
 * Presses of a button, and their ends: by a finger, a mouse, a key, or a tool that only clicks.
 */

const KEYS = [" ", "Enter"];

/**
 * @param {HTMLElement} button
 * @param {{ press: () => void, release: () => void }} ring
 */
export function listen(button, { press, release }) {
  // A press of one of these ends in a click, which is not another one.
  let clickIsTold = false;
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    clickIsTold = true;
    // The finger may slip off the button, and is still down.
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) button.addEventListener(end, release);
  button.addEventListener("pointercancel", () => {
    clickIsTold = false;
  });
  button.addEventListener("keydown", (event) => {
    if (!KEYS.includes(event.key)) return;
    // Enter would click at once, and the space bar would scroll.
    event.preventDefault();
    if (!event.repeat) press();
  });
  button.addEventListener("keyup", (event) => {
    if (!KEYS.includes(event.key)) return;
    event.preventDefault();
    release();
  });
  button.addEventListener("click", () => {
    if (!clickIsTold) {
      press();
      release();
    }
    clickIsTold = false;
  });
  // A long touch opens a menu elsewhere.
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}
