/**
 * What a challenge asks for besides work: the visitor does it, or waits it out.
 */

import { base64url } from "../base64url.js";
import { unlessAborted } from "../page.js";
import { canonical } from "../solver/canonical.js";
import { sha256 } from "../solver/sha256.js";

/**
 * @typedef {object} Interaction
 * @property {string} kind
 * @property {number} ms how long it takes
 * @property {number} wait_ms after how long nothing need have been done
 */

/**
 * What shows the server that it was done.
 * @typedef {{ kind: string, after_ms?: number, took_ms?: number, seal?: string }} Evidence
 */

/**
 * An offer that asks for one.
 * @typedef {object} Asked
 * @property {string} challenge
 * @property {Interaction} interaction
 * @property {number} arrivedAt on the clock of `performance.now`
 */

/** @typedef {Pick<typeof import("./hold.js"), "hold">} Hold */

/**
 * What waiting shows, from `wait_ms` after the offer came on.
 * @type {Evidence}
 */
export const WAITED = { kind: "wait" };

/**
 * Shows on the face what is to be done until that is done, or its waiting time is over.
 * @param {Asked} asked
 * @param {import("../face.js").Face} face
 * @param {() => Promise<Hold>} load gets what shows a `hold`
 * @param {AbortSignal} signal
 * @returns {Promise<Evidence>}
 */
export async function interact({ challenge, interaction, arrivedAt }, face, load, signal) {
  const { kind, ms, wait_ms: waitMs } = interaction;
  const leftMs = arrivedAt + waitMs - performance.now();
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, leftMs);
  signal.addEventListener("abort", end, { once: true });
  try {
    const root = face.asking(leftMs);
    // What this script does not know, or can't get, is waited out.
    const shown = kind === "hold" ? load() : Promise.reject();
    const done = shown.then(({ hold }) => hold(root, ms, over.signal), never);
    const { from, to } = await unlessAborted(done, over.signal);
    const [afterMs, tookMs] = [Math.floor(from - arrivedAt), Math.max(ms, Math.floor(to - from))];
    const sealed = seal(challenge, kind, afterMs, tookMs);
    return { kind, after_ms: afterMs, took_ms: tookMs, seal: sealed };
  } catch (error) {
    if (signal.aborted || !over.signal.aborted) throw error;
    return WAITED;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    face.working();
  }
}

/** @returns {Promise<never>} */
const never = () => new Promise(() => {});

/**
 * Binds what was done to the one challenge that asked for it.
 * @param {string} challenge
 * @param {string} kind
 * @param {number} afterMs
 * @param {number} tookMs
 */
export function seal(challenge, kind, afterMs, tookMs) {
  const parts = [challenge, kind, `${afterMs}`, `${tookMs}`];
  return base64url(sha256(canonical("challenge/v1/interaction", ...parts)));
}
