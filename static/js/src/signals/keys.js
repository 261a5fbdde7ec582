/**
 * Keys that are held for no time, and letters that no key brought: a letter of a keyboard comes
 * with a `keypress`, and a browser sends that only after a `keydown`. What is pasted, filled in,
 * composed, dictated or tapped on a phone comes without a `keypress`, and is not counted. Which key
 * it was is never looked at.
 */

const SHORT_MS = 5;

/** @type {import("./registry.js").Conduct} */
export const keys = {
  names: ["keys", "short_keys", "keyless_inputs"],
  watch(listen, { add }) {
    /** @type {Map<string, number>} */
    const down = new Map();
    let pressed = false;
    listen("keydown", ({ code, timeStamp, repeat, isComposing }) => {
      pressed = true;
      // Without a code it is a phone's, or a program's that types for somebody.
      if (code && !repeat && !isComposing) down.set(code, timeStamp);
      if (down.size > 20) down.clear();
    });
    listen("keyup", ({ code, timeStamp }) => {
      // Where an extension keeps the one from us, the other says that there was a key.
      pressed = true;
      const held = timeStamp - (down.get(code) ?? Number.NaN);
      down.delete(code);
      if (!(held >= 0)) return;
      add("keys");
      if (held < SHORT_MS) add("short_keys");
    });
    listen("keypress", () => {
      if (!pressed) add("keyless_inputs");
      pressed = false;
    });
  },
};
