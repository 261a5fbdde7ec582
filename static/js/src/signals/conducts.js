/**
 * What is counted while a visitor reads.
 */

import { calls } from "./calls.js";
import { clicks } from "./clicks.js";
import { glimpses } from "./glimpses.js";
import { keys } from "./keys.js";
import { movement } from "./movement.js";
import { moves } from "./moves.js";
import { scrolling } from "./scrolling.js";

/** @type {import("./registry.js").Conduct[]} */
export const CONDUCTS = [clicks, keys, moves, movement, scrolling, glimpses, calls];
