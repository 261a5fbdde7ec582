/**
 * Drives the page that only waits. Without scripts it opens by itself too (Refresh): here it tells
 * the time that is left, and opens when the device has slept meanwhile.
 */

import { browser } from "./http.js";
import { liveRegion } from "./live.js";
import { queueOn } from "./queue.js";

/** The browser's own Refresh comes first. */
const AFTER_MS = 1500;

/** @param {HTMLElement} root `#challenge` with data-place and data-seconds */
export async function startQueue(root) {
  const live = root.querySelector("[data-challenge-live]");
  const { place, seconds } = root.dataset;
  const ms = Number(seconds) * 1000;
  if (live) queueOn(root, liveRegion(live)).start(ms, place === "more" ? ms : undefined);
  await browser.sleep(ms + AFTER_MS);
  location.reload();
}
