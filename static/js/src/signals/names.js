/**
 * Every name that a report may have; a test holds them against the server's.
 */

import { CONDUCTS } from "./conducts.js";
import { SIGNALS, WORKER_DIFFERS } from "./registry.js";

export const NAMES = [...SIGNALS, ...CONDUCTS].flatMap(({ names }) => names).concat(WORKER_DIFFERS);
