/**
 * The visit with Puppeteer, plain or not.
 */

const { createRequire } = require("node:module");
const { join } = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const PATIENCE = { timeout: 60_000 };

/** Requires from where the bench has installed things. */
const installed = createRequire(join(process.env.TOOLS_NODE, "package.json"));

/**
 * Searches, and opens one profile after the other.
 */
async function lookAround(page, plan) {
  await page.goto(plan.home);
  if (plan.clicks) {
    await page.type("#q", plan.query);
    await page.keyboard.press("Enter");
  }
  for (const handle of plan.people) {
    if (plan.clicks) {
      await page.waitForSelector(`a[href="/people/${handle}"]`, PATIENCE);
      await page.click(`a[href="/people/${handle}"]`);
    } else {
      await page.goto(`${plan.home}people/${handle}`);
    }
    await page.waitForSelector(`a[href="/cards/${handle}"]`, PATIENCE);
    await sleep(plan.read_s * 1000);
  }
}

/**
 * Carries out the plan in the arguments.
 */
async function visit(puppeteer) {
  const plan = JSON.parse(process.argv[2]);
  const { chromium: executablePath, headless, args } = plan;
  const browser = await puppeteer.launch({ executablePath, headless, args });
  const page = await browser.newPage();
  await lookAround(page, plan);
  await page.goto(plan.last);
  await page.waitForSelector("[data-verdict]", PATIENCE);
  await browser.close();
}

module.exports = { installed, visit };
