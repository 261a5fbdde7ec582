/**
 * A ring that fills once it was pressed. Whoever holds on until it is full is done; whoever lets go
 * presses once more when it is: holding is hard for some hands, and some tools can only press.
 */

/** @typedef {"idle" | "held" | "filling" | "full" | "done"} State */

/** @param {(state: State) => void} changed is told of each new state */
export function ringOf(changed) {
  /** @type {State} */
  let state = "idle";
  /** @param {State} next */
  const turn = (next) => {
    state = next;
    changed(next);
  };
  return {
    press() {
      if (state === "full") turn("done");
      else if (state === "idle" || state === "filling") turn("held");
    },
    release() {
      if (state === "held") turn("filling");
    },
    fill() {
      if (state === "held") turn("done");
      else if (state === "filling") turn("full");
    },
  };
}
