/**
 * A widget in its place: the box, the hidden field, the form around them, the page's callbacks.
 */

import { ChallengeError } from "../errors.js";
import { browser } from "../http.js";
import { activated, unlessAborted, visible } from "../page.js";
import { boxOf, isSupported, unsupportedNotice } from "./box.js";
import { earnResponse } from "./earning.js";
import { NAME } from "./element.js";
import { watchForm } from "./form.js";
import { callbacksOf, optionsOf } from "./options.js";
import { Widget } from "./widget.js";

/**
 * @typedef {object} Site
 * @property {string} prefix of the API
 * @property {string} scriptUrl what the workers run
 * @property {typeof import("../solver/anywhere.js").solveAnywhere} solve
 */
/** @typedef {ReturnType<typeof callbacksOf>} Call */
/** @typedef {(name: string, detail?: object) => void} Tell */

/**
 * @typedef {object} Placed
 * @property {string} id
 * @property {Element} container
 * @property {() => Promise<string>} get
 * @property {() => string} response
 * @property {() => boolean} isExpired
 * @property {() => void} reset
 * @property {() => void} halt stops its work until it is reset
 * @property {() => void} remove
 */

/**
 * @param {Site} site
 * @param {string} id
 * @param {Element} container
 * @param {Record<string, unknown>} [params] what the page says of it besides attributes
 * @returns {Placed}
 */
export function place(site, id, container, params = {}) {
  const said = sayingsOf(container, params);
  const [options, call] = [optionsOf(said), callbacksOf(said)];
  /** @type {Tell} */
  const tell = (name, detail) => {
    const init = { bubbles: true, composed: true, detail: { widget: id, ...detail } };
    container.dispatchEvent(new CustomEvent(`challenge:${name}`, init));
  };
  const made = isSupported() ? placeWidget : placeNotice;
  return { id, container, ...made(site, container, options, call, tell) };
}

/**
 * By parameter, by attribute of our own element, or by data attribute of any.
 * @param {Element} container
 * @param {Record<string, unknown>} params
 */
function sayingsOf(container, params) {
  const own = container.localName === NAME;
  const given = new Map(Object.entries(params).map(([name, value]) => [name.toLowerCase(), value]));
  const said = (/** @type {string} */ name) =>
    given.get(name) ?? (own ? container.getAttribute(name) : null) ?? data(container, name);
  if (own && !given.has("tabindex")) {
    // On the element itself it would be a stop where there is nothing to do.
    given.set("tabindex", said("tabindex"));
    container.removeAttribute("tabindex");
  }
  return said;
}

/**
 * @param {Element} container
 * @param {string} name
 */
const data = (container, name) => container.getAttribute(`data-${name}`);

/**
 * @param {Site} site
 * @param {Element} container
 * @param {import("./options.js").Options} options
 * @param {Call} call
 * @param {Tell} tell
 * @returns {Omit<Placed, "id" | "container">}
 */
function placeWidget(site, container, options, call, tell) {
  const ended = new AbortController();
  const field = options["response-field"] === "true" ? hiddenField(options) : undefined;
  const words = /** @type {HTMLElement} */ (container).dataset;
  // What has come is told below, with the response.
  /** @type {Tell} */
  const show = (name, detail) => void (name === "verified" || tell(name, detail));
  const box = boxOf(options, words, show, () => void widget.get().catch(() => {}));
  const widget = new Widget(options, {
    face: box,
    keep: (response) => field && Object.assign(field, { value: response }),
    tell(name, value) {
      if (name === "verified") tell(name, { response: value });
      if (name === "expired") tell(name);
      call(name === "verified" ? "callback" : `${name}-callback`, value);
    },
    earn: (signal) => earn(site, options, box, signal),
    seen: (signal) => seen(box.element, options.appearance === "always", signal),
    now: Date.now,
  });
  container.append(box.element, ...(field ? [field] : []));
  tieToForm(container.closest("form"), widget, box, Boolean(field), ended.signal);
  widget.begin();
  return {
    get: () => widget.get(),
    response: () => (widget.isExpired() ? "" : widget.response),
    isExpired: () => widget.isExpired(),
    reset: () => widget.reset(),
    halt: () => widget.clear(),
    remove() {
      ended.abort();
      widget.clear();
      box.element.remove();
      field?.remove();
    },
  };
}

/**
 * @param {HTMLFormElement | null} form
 * @param {Widget} widget
 * @param {import("./box.js").Box} box
 * @param {boolean} posts whether the form has to wait for what it posts
 * @param {AbortSignal} signal
 */
function tieToForm(form, widget, box, posts, signal) {
  if (!form) return;
  const missing = () =>
    posts && (!widget.response || widget.isExpired()) ? widget.get() : undefined;
  const waiting = (/** @type {boolean} */ waits) => {
    box.sending(waits);
    form.toggleAttribute("aria-busy", waits);
    if (waits) form.setAttribute("aria-busy", "true");
  };
  watchForm(form, missing, { waiting, reset: () => widget.reset() }, signal);
}

/**
 * @param {Site} site
 * @param {import("./options.js").Options} options
 * @param {import("./box.js").Box} box
 * @param {AbortSignal} signal
 */
function earn({ prefix, scriptUrl, solve }, { action, cdata, sitekey }, box, signal) {
  const around = {
    ...browser,
    fetch: (/** @type {string} */ url, /** @type {RequestInit} */ init) =>
      browser.fetch(url, { ...init, signal }),
    sleep: (/** @type {number} */ ms) => unlessAborted(browser.sleep(ms), signal),
  };
  return earnResponse({
    ...{ prefix, around },
    question: {
      ...(action && { action }),
      ...(cdata && { cdata }),
      ...(sitekey && { sitekey }),
    },
    solve: (challenge, puzzle) =>
      solve(scriptUrl, challenge, puzzle, { signal, ...box.solving(puzzle.count) }),
    async wait(ms) {
      box.queue(ms);
      await around.sleep(ms);
      // To do the work again and again for nobody would only warm the room.
      await unlessAborted(visible(), signal);
      box.working(true);
    },
  });
}

/**
 * Resolves once the page is looked at, and its part with the element.
 * @param {Element} element
 * @param {boolean} drawn whether it is drawn at all before it works
 * @param {AbortSignal} signal
 */
async function seen(element, drawn, signal) {
  await activated();
  await visible();
  if (!drawn) return;
  await new Promise((resolve) => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      resolve(undefined);
    });
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
    observer.observe(element);
  });
}

/** @param {import("./options.js").Options} options */
function hiddenField(options) {
  const field = document.createElement("input");
  field.type = "hidden";
  field.name = options["response-field-name"] ?? "";
  // What was posted once must not come back with the page.
  field.autocomplete = "off";
  return field;
}

/**
 * Where the browser is too old: says so, and lets the form be sent, for its server to decide.
 * @param {Site} _site
 * @param {Element} container
 * @param {import("./options.js").Options} _options
 * @param {Call} call
 * @param {Tell} tell
 * @returns {Omit<Placed, "id" | "container">}
 */
function placeNotice(_site, container, _options, call, tell) {
  const notice = unsupportedNotice(/** @type {HTMLElement} */ (container).dataset);
  container.append(notice);
  tell("statechange", { state: "unsupported" });
  call("unsupported-callback");
  const nothing = () => {};
  return {
    get: () => Promise.reject(new ChallengeError("unsupported")),
    response: () => "",
    isExpired: () => false,
    ...{ reset: nothing, halt: nothing },
    remove: () => notice.remove(),
  };
}
