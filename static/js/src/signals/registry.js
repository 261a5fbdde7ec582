/**
 * What a browser reports of itself and of how it is used: names of whole numbers, the same as in
 * challenge/core/behaviour.py. docs/behaviour.md says of each what it reads, and why.
 */

import { globals } from "./globals.js";
import { hints } from "./hints.js";
import { permissions } from "./permissions.js";
import { webdriver } from "./webdriver.js";

/**
 * The parts of a page that signals read.
 * @typedef {object} Scope
 * @property {Navigator & { userAgentData?: { brands: { brand: string, version: string }[] } }} navigator
 * @property {{ permission: string } | undefined} Notification
 * @property {boolean} isSecureContext
 * @property {object} window
 * @property {object} document
 */

/**
 * A contradiction in the browser: read once, when a challenge is asked for.
 * @typedef {object} Signal
 * @property {string[]} names
 * @property {(scope: Scope) => Record<string, number> | Promise<Record<string, number>>} read
 */

/**
 * Something that is counted while a visitor reads. `listen` adds a passive listener to the document.
 * @typedef {object} Conduct
 * @property {string[]} names
 * @property {(listen: Listen, counts: import("./counts.js").Counts) => void} watch
 */

/**
 * @typedef {<T extends keyof DocumentEventMap>(type: T,
 *   heard: (event: DocumentEventMap[T] & { inputType?: string, isComposing?: boolean }) => void) => void} Listen
 */

/** @type {Signal[]} */
export const SIGNALS = [webdriver, globals, permissions, hints];

/** Counted where a worker is started. */
export const WORKER_DIFFERS = "worker_differs";
