/**
 * Names that drivers leave in the page.
 */

const LEFT =
  /^(\$?cdc_|\$chrome_asyncScriptInfo|__(playwright|pw|puppeteer|pptr|selenium|webdriver|driver|fxdriver|nightmare)|_(Selenium|phantom)|callPhantom|domAutomation)/;

/** @type {import("./registry.js").Signal} */
export const globals = {
  names: ["globals"],
  read: ({ window, document }) => ({
    globals: Number([window, document].some((at) => Object.getOwnPropertyNames(at).some(isLeft))),
  }),
};

/** @param {string} name */
const isLeft = (name) => LEFT.test(name);
