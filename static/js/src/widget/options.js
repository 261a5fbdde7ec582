/**
 * What a page can say of a widget, by attributes or by parameters of `render`.
 */

/** What each may be; the first is what it is where nothing, or something else, is said. */
const CHOICES = {
  theme: ["auto", "light", "dark"],
  size: ["normal", "compact", "flexible"],
  appearance: ["always", "execute", "interaction-only"],
  execution: ["render", "execute"],
  "response-field": ["true", "false"],
  retry: ["auto", "never"],
  "refresh-expired": ["auto", "manual", "never"],
  "refresh-timeout": ["auto", "manual", "never"],
};

/** @type {Record<string, [fallback: string, form: RegExp]>} */
const TEXTS = {
  sitekey: ["", /^[\w-]+$/],
  action: ["", /^[\w-]{1,64}$/],
  cdata: ["", /^[\w-]{0,255}$/],
  "response-field-name": ["challenge-response", /./],
  "retry-interval": ["8000", /^0*[1-9]\d{0,5}$/],
  tabindex: ["", /^-?\d{1,5}$/],
};

const CALLBACKS = [
  "callback",
  "error-callback",
  "expired-callback",
  "timeout-callback",
  "unsupported-callback",
];

/** @typedef {Record<string, string>} Options by the names of the attributes */

/** @type {Set<string>} */
const warned = new Set();

/**
 * @param {(name: string) => unknown} said undefined or null where nothing is
 * @returns {Options}
 */
export function optionsOf(said) {
  /** @type {Options} */
  const options = {};
  for (const [name, choices] of Object.entries(CHOICES)) {
    options[name] = choose(name, said(name), choices[0], (value) => choices.includes(value));
  }
  for (const [name, [fallback, form]] of Object.entries(TEXTS)) {
    options[name] = choose(name, said(name), fallback, (value) => form.test(value));
  }
  return options;
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} fallback
 * @param {(value: string) => boolean} fits
 */
function choose(name, value, fallback, fits) {
  if (value === undefined || value === null || value === "") return fallback;
  if (fits(`${value}`)) return `${value}`;
  warn(`${name}="${value}" is not known; "${fallback}" is used`);
  return fallback;
}

/**
 * What the page wants to be called at, by function or by the name of a global one.
 * @param {(name: string) => unknown} said
 * @returns {(name: string, ...values: unknown[]) => void}
 */
export function callbacksOf(said) {
  const named = new Map(CALLBACKS.map((name) => [name, said(name)]));
  return (name, ...values) => {
    const given = named.get(name);
    const page = /** @type {Record<string, any>} */ (globalThis);
    const called = typeof given === "string" ? page[given] : given;
    // The page's own mistakes are told as such, and do not become ours.
    if (typeof called === "function") queueMicrotask(() => called(...values));
    else if (given) warn(`${name}="${given}" is no function`);
  };
}

/**
 * Tells the page's author of a mistake, once.
 * @param {string} text
 */
export function warn(text) {
  if (warned.has(text)) return;
  warned.add(text);
  console.warn(`tallygate: ${text}`);
}
