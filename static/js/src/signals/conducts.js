/**
 * What is counted while a visitor reads.
 */

import { clicks } from "./clicks.js";
import { keys } from "./keys.js";
import { movement } from "./movement.js";
import { moves } from "./moves.js";
import { scrolling } from "./scrolling.js";

/** @type {import("./registry.js").Conduct[]} */
export const CONDUCTS = [clicks, keys, moves, movement, scrolling];
