/**
 * Whether two ways to ask for the same permission give answers that can't both be true.
 */

/** @type {import("./registry.js").Signal} */
export const permissions = {
  names: ["permissions_differ"],
  async read({ navigator, Notification }) {
    const asked = Notification?.permission;
    // Who can't be asked contradicts nothing; "default" of one is "prompt" of the other.
    if (asked !== "denied") return { permissions_differ: 0 };
    const { state } = await navigator.permissions.query({ name: "notifications" });
    return { permissions_differ: Number(state === "prompt") };
  },
};
