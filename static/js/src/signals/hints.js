/**
 * Chromium's version as the page sees it, to be held against the headers; and whether a browser that
 * calls itself Chromium lacks it. Only secure pages have it.
 */

const CHROMIUM = /\bChrome\/[0-9]/;

/** @type {import("./registry.js").Signal} */
export const hints = {
  names: ["hints_major", "hints_gone"],
  read({ navigator, isSecureContext }) {
    const brands = navigator.userAgentData?.brands ?? [];
    const chromium = brands.find(({ brand }) => brand === "Chromium");
    const claims = isSecureContext && CHROMIUM.test(navigator.userAgent);
    return {
      hints_major: Number.parseInt(chromium?.version ?? "0", 10) || 0,
      hints_gone: Number(claims && !navigator.userAgentData),
    };
  },
};
