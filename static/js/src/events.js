/**
 * What the rest of the page may listen to, on `document`: challenge:statechange {state},
 * challenge:progress {done, count, engine: "simd" | "wasm" | "plain"}, challenge:verified,
 * challenge:error {code}.
 */

/**
 * @param {"statechange" | "progress" | "verified" | "error"} name
 * @param {object} [detail]
 */
export function announce(name, detail) {
  document.dispatchEvent(new CustomEvent(`challenge:${name}`, { detail }));
}
