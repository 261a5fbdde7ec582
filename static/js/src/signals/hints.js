/**
 * Chromium's version as the page sees it, to be held against the headers; and whether a browser that
 * calls itself Chromium lacks it. Only secure pages have it.
 */

const CHROMIUM = /\bChrome\/[0-9]/;
/** In a window of another app it may be missing. */
const EMBEDDED = /; wv\)/;

/** @type {import("./registry.js").Signal} */
export const hints = {
  names: ["hints_major", "hints_gone"],
  read({ navigator, isSecureContext }) {
    const brands = navigator.userAgentData?.brands ?? [];
    const chromium = brands.find(({ brand }) => brand === "Chromium");
    const { userAgent } = navigator;
    const claims = isSecureContext && CHROMIUM.test(userAgent) && !EMBEDDED.test(userAgent);
    return {
      hints_major: Number.parseInt(chromium?.version ?? "0", 10) || 0,
      hints_gone: Number(claims && !navigator.userAgentData),
    };
  },
};
