/**
 * Whether the browser says that a program drives it, or has lost the word for it: every browser
 * that we support has the property, so one without has been tampered with.
 */

/** @type {import("./registry.js").Signal} */
export const webdriver = {
  names: ["webdriver", "webdriver_gone"],
  read: ({ navigator }) => ({
    webdriver: Number(navigator.webdriver === true),
    webdriver_gone: Number(!("webdriver" in navigator)),
  }),
};
