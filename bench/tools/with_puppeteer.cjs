/**
 * Puppeteer.
 */

const { installed, visit } = require("./puppeteer_visit.cjs");

visit(installed("puppeteer"));
