/**
 * Calls that drivers make in a page. The stack says who calls: a page's scripts and those of extensions
 * have an address there, a driver's have names of their own, or none.
 */

/** As drivers call what they evaluate. Page functions may have such names too, but have an address. */
const DRIVER =
  /[ (](pptr:|__\w+ppeteer_evaluation_script__)|(UtilityScript\.\w+|callFunction) \(<anonymous>/;
/** Evaluated from outside; but also in bookmarklets, in the console, and in timers made of text. */
const NAMELESS = /<anonymous>:\d+:\d+/;
/** So many stacks are looked at on a page, and so many in a second: one takes 0.5 to 0.8 ms. */
const LOOKS = 100;
const LOOKS_IN_A_SECOND = 4;

/** @type {import("./registry.js").Conduct} */
export const calls = {
  names: ["driver_calls", "nameless_calls"],
  watch(_listen, { add }) {
    let looks = 0;
    let left = 0;
    let next = 0;
    const look = () => {
      const now = performance.now();
      if (now >= next) {
        next = now + 1000;
        left = LOOKS_IN_A_SECOND;
      }
      if (!left) return;
      left--;
      if (++looks === LOOKS) for (const restore of restores) restore();
      const seen = callerOf(stack());
      if (seen) add(seen);
    };
    const restores = methods().flatMap(([holder, names]) =>
      names.filter((name) => name in holder).map((name) => wrap(holder, name, look)),
    );
  },
};

/**
 * Methods that drivers call, and pages seldom do, with what has them.
 * @returns {[object, string[]][]}
 */
const methods = () => [
  [HTMLElement.prototype, ["click", "focus"]],
  [Element.prototype, ["scrollIntoView", "scrollIntoViewIfNeeded"]],
  [Document.prototype, ["elementFromPoint", "evaluate"]],
];

/**
 * Puts something before a method, which stays as it was for who calls it.
 * @param {object} holder
 * @param {string} name
 * @param {() => void} before
 * @returns {() => void} what takes it away
 */
function wrap(holder, name, before) {
  const own = Reflect.get(holder, name);
  const wrapped = new Proxy(own, {
    apply(target, self, given) {
      before();
      return Reflect.apply(target, self, given);
    },
  });
  Reflect.set(holder, name, wrapped);
  return () => {
    if (Reflect.get(holder, name) === wrapped) Reflect.set(holder, name, own);
  };
}

function stack() {
  try {
    return String(new Error().stack);
  } catch {
    // A page may have its own way of telling a stack, and that may fail.
    return "";
  }
}

/**
 * @param {string} stack
 * @returns {"driver_calls" | "nameless_calls" | undefined}
 */
function callerOf(stack) {
  if (DRIVER.test(stack)) return "driver_calls";
  const others = stack.split(import.meta.url).join("");
  return NAMELESS.test(others) && !others.includes("://") ? "nameless_calls" : undefined;
}
