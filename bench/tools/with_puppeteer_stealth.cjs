/**
 * Puppeteer with the stealth plugin of puppeteer-extra.
 */

const { installed, visit } = require("./puppeteer_visit.cjs");

const puppeteer = installed("puppeteer-extra");
puppeteer.use(installed("puppeteer-extra-plugin-stealth")());
visit(puppeteer);
