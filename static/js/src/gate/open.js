/**
 * Gets the field behind a gate when the visitor asks for it, and a clearance on the way if need be.
 */

import { unlessAborted } from "../page.js";

const MOST_ROUNDS = 3;
const PAUSE_MS = 500;

/**
 * @typedef {object} Field
 * @property {string} url
 * @property {string} resource its path
 * @property {string} [language] of the page around it
 * @property {string} prefix empty when the page does not say; a refusal does
 * @property {string} site
 * @property {string} scriptUrl what the workers run
 * @property {boolean} [reports] whether the site wants to know what is odd about the browser
 */

/**
 * What the visitor sees of it.
 * @typedef {object} Panel
 * @property {import("../face.js").Face} face
 * @property {DOMStringMap} texts the words that are known so far
 * @property {(refusal: import("./field.js").Refusal) => void} learn takes over its words
 * @property {(content: Node[]) => void} reveal
 */

/**
 * What is taken from the browser, so that tests can put their own in its place.
 * @typedef {import("../admission.js").Surroundings & {
 *   ask: (field: Field, http: import("../http.js").Surroundings, signal: AbortSignal)
 *     => Promise<import("./field.js").Answer>,
 *   renew: typeof import("../renew.js").renewAfter }} Outside
 */

/**
 * And what challenge.js, which fetches this file, has already.
 * @typedef {Outside & Pick<import("../gate_element.js").Shared,
 *   "admit" | "textFor" | "queueMs" | "codeOf" | "ChallengeError">} Surroundings
 */

/**
 * Reveals the field, or says why not. Never rejects.
 * @param {Field} field
 * @param {Panel} panel
 * @param {Surroundings} around
 */
export async function openField(field, panel, around) {
  const { face, texts } = panel;
  const signal = around.leaving();
  face.working();
  try {
    const { content, remaining, site } = await fetchField(field, panel, around, signal);
    panel.reveal(content);
    face.ready();
    if (site.prefix) around.renew(site, remaining);
  } catch (error) {
    // Who comes back finds the button, and may press it again.
    if (signal.aborted) face.idle();
    else face.problem(around.textFor(texts, error), around.codeOf(error));
  }
}

/**
 * @param {Field} field
 * @param {Panel} panel
 * @param {Surroundings} around
 * @param {AbortSignal} signal
 */
async function fetchField(field, { face, learn }, around, signal) {
  const rounds = roundsOf();
  let page = { ...field, units: 1 };
  for (;;) {
    const answer = await unlessAborted(around.ask(field, around.http, signal), signal);
    const { status, content, refusal, remaining } = answer;
    if (content) return { content, remaining, site: page };
    if (refusal) learn(refusal);
    if (status === 429) {
      const waitMs = around.queueMs(answer.retryAfterMs);
      face.queue(waitMs, refusal?.more ? waitMs : undefined);
      await unlessAborted(around.http.sleep(waitMs), signal);
      face.working();
    } else if (status === 403 && refusal?.page) {
      page = { ...page, ...refusal.page };
      await around.admit(page, face, rounds, around, signal);
    } else {
      throw new around.ChallengeError(refusal ? "banned" : "unexpected_answer", { status });
    }
  }
}

/**
 * The guard of one press. Nothing is reloaded, so nothing need be kept.
 * @returns {import("../reloads.js").Rounds}
 */
function roundsOf() {
  let gone = 0;
  let lost = 0;
  return {
    looping: () => lost > 1,
    returning: () => gone >= MOST_ROUNDS,
    stubborn: () => gone > 1,
    pauseMs: () => gone * PAUSE_MS,
    stuck: () => {
      lost = 0;
    },
    note(bought) {
      gone++;
      if (bought) lost++;
    },
  };
}
