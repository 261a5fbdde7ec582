/**
 * The box that a person sees: what it is, marks and words of how it goes, and a button when there is
 * something to do.
 */

import { textFor } from "../admission.js";
import { codeOf } from "../errors.js";
import { faceOf } from "../face.js";
import { drawMarks } from "../marks.js";
import { STYLE } from "./style.js";
import { ENGLISH } from "./words.js";

/** The strokes of the house's sign. */
const SIGN = 5;

/** @type {CSSStyleSheet | undefined} */
let sheet;

/** @typedef {ReturnType<typeof partsOf>} Parts */

/**
 * @typedef {import("./widget.js").Face & Pick<import("../face.js").Face, "solving" | "queue"> & {
 *   element: HTMLElement, sending: (waits: boolean) => void }} Box
 */

/**
 * @param {import("./options.js").Options} options
 * @param {DOMStringMap} words of the page, if it has some
 * @param {typeof import("../events.js").announce} tell
 * @param {() => void} press of the button
 * @returns {Box}
 */
export function boxOf(options, words, tell, press) {
  const parts = partsOf(options, words);
  const { element, root, caption, live, button } = parts;
  const { dataset: texts } = root;
  const face = faceOf(root, tell);
  button.addEventListener("click", press);
  const rest = () => {
    face.idle();
    drawSign(parts);
    offer(parts, "");
  };
  rest();
  return {
    element,
    solving: face.solving,
    queue: face.queue,
    idle: rest,
    working(quietly) {
      live.setAttribute("aria-live", quietly ? "off" : "polite");
      if (root.dataset.state === "idle") face.working();
      else face.idle(texts.textWorking, "working");
      offer(parts, "");
    },
    ready() {
      face.ready();
    },
    expired(asks) {
      live.setAttribute("aria-live", asks ? "polite" : "off");
      face.idle(texts.textExpired, "expired");
      drawSign(parts);
      offer(parts, asks ? texts.textRenew : "");
    },
    problem(error, asks) {
      face.problem(textFor(texts, error), codeOf(error));
      offer(parts, asks ? texts.textRetry : "");
      // Back from where a press has put it.
      if (document.activeElement === element && asks) button.focus();
    },
    sending(waits) {
      root.toggleAttribute("data-sending", waits);
      if (waits) live.setAttribute("aria-live", "polite");
      // Heard when it comes. That it goes need not be: what happened is said elsewhere.
      caption.setAttribute("aria-live", waits ? "polite" : "off");
      caption.textContent = (waits ? texts.textSending : texts.textIdle) ?? "";
    },
  };
}

/**
 * Whether this browser can do all that a widget needs.
 * @param {typeof globalThis} [page]
 */
export function isSupported(page = globalThis) {
  const { document, HTMLFormElement: Form } = page;
  return (
    "adoptedStyleSheets" in document &&
    "requestSubmit" in Form.prototype &&
    ["IntersectionObserver", "AbortController", "TextEncoder", "BigInt"].every((n) => n in page)
  );
}

/**
 * What stands in a browser's way where it can't.
 * @param {DOMStringMap} words
 */
export function unsupportedNotice({ textUnsupported = ENGLISH.textUnsupported }) {
  const notice = document.createElement("p");
  notice.setAttribute("role", "alert");
  notice.textContent = textUnsupported ?? "";
  return notice;
}

/** @param {Parts} parts */
function drawSign({ progress }) {
  drawMarks(progress, SIGN)(SIGN);
}

/**
 * Shows the button with this label; without one hides it, and the box itself takes the focus.
 * @param {Parts} parts
 * @param {string} [label]
 */
function offer({ root, button }, label = "") {
  const had = /** @type {ShadowRoot} */ (root.getRootNode()).activeElement === button;
  root.toggleAttribute("data-asks", label !== "" || root.dataset.state === "problem");
  button.textContent = label;
  button.hidden = !label;
  if (had && !label) root.focus({ preventScroll: true });
}

/**
 * @param {import("./options.js").Options} options
 * @param {DOMStringMap} words
 */
function partsOf({ theme = "", size = "", appearance = "", tabindex }, words) {
  const element = document.createElement("div");
  Object.assign(element.dataset, { theme, size, appearance });
  // A place in the page's order is the host's to have, and the button's to take.
  if (tabindex) element.tabIndex = Number(tabindex);
  const shadow = element.attachShadow({ mode: "open", delegatesFocus: Boolean(tabindex) });
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  shadow.adoptedStyleSheets = [sheet];
  const own = /** @type {Record<string, string>} */ (
    "textReady" in words ? {} : { lang: "en", dir: "ltr" }
  );
  const texts = { ...ENGLISH, ...textsIn(words) };
  const name = { role: "group", "aria-labelledby": "caption", tabindex: "-1", ...own };
  const root = make("div", { class: "box", ...name });
  Object.assign(root.dataset, texts);
  const caption = make("p", { id: "caption" });
  caption.textContent = texts.textIdle ?? "";
  const progress = make("div", { "data-challenge-progress": "", "aria-hidden": "true" });
  const live = make("p", { "data-challenge-live": "", role: "status" });
  const problem = make("div", { "data-challenge-problem": "", hidden: "" });
  problem.append(make("p", { "data-challenge-problem-text": "", role: "alert" }));
  const button = make("button", { type: "button", hidden: "" });
  root.append(caption, progress, live, problem, button);
  shadow.append(root);
  return { element, root, caption, progress, live, button };
}

/** @param {DOMStringMap} words */
function textsIn(words) {
  return Object.fromEntries(Object.entries(words).filter(([name]) => /^text[A-Z]/.test(name)));
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} attributes
 */
function make(name, attributes) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
