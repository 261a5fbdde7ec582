/**
 * What a page and its workers see of the browser.
 */

/** @param {Navigator} navigator of a page or of a worker */
export const seenBy = ({ platform, hardwareConcurrency, userAgent, language }) =>
  [platform, hardwareConcurrency, userAgent, language].join("\n");
