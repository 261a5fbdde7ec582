/**
 * Bytes as base64url without padding (RFC 4648, section 5).
 * @param {Uint8Array} bytes
 */
export function base64url(bytes) {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
