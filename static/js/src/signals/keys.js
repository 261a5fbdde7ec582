/**
 * Keys that are held for no time, and text that comes without keys. Which keys is never looked at.
 * Pasting, filling in, composing and the keyboards of phones are not counted.
 */

const SHORT_MS = 5;

/** @type {import("./registry.js").Conduct} */
export const keys = {
  names: ["keys", "short_keys", "inputs", "keyless_inputs"],
  watch(listen, { add }) {
    /** @type {Map<string, number>} */
    const down = new Map();
    let pressed = false;
    listen("keydown", ({ code, timeStamp, repeat, isComposing }) => {
      pressed = true;
      // Without a code it is a phone's.
      if (code && !repeat && !isComposing) down.set(code, timeStamp);
      if (down.size > 20) down.clear();
    });
    listen("keyup", ({ code, timeStamp }) => {
      const held = timeStamp - (down.get(code) ?? Number.NaN);
      down.delete(code);
      if (!(held >= 0)) return;
      add("keys");
      if (held < SHORT_MS) add("short_keys");
    });
    listen("input", ({ inputType, isComposing }) => {
      if (inputType !== "insertText" || isComposing) return;
      add("inputs");
      if (!pressed) add("keyless_inputs");
      pressed = false;
    });
  },
};
