/**
 * `tallygate.render`, `execute`, `reset`, `remove`, `getResponse`, `isExpired`: as users of Turnstile
 * know them.
 */

import { warn } from "./options.js";
import { place } from "./place.js";

/** @typedef {ReturnType<typeof apiOf>} Api */
/** @typedef {string | Element} Target the id of a widget, its container, or a selector of that */
/** @typedef {Record<string, unknown>} Params */

/** @param {import("./place.js").Site} site */
export function apiOf(site) {
  /** @type {Map<string, import("./place.js").Placed>} */
  const placed = new Map();
  let made = 0;

  /** @param {Target} [target] the first widget if none is named */
  const find = (target) => {
    if (target === undefined) return [...placed.values()][0];
    if (typeof target === "string" && placed.has(target)) return placed.get(target);
    const container = elementOf(target);
    return [...placed.values()].find((one) => one.container === container);
  };

  /**
   * @param {Target} target
   * @param {Params} [params]
   */
  const put = (target, params) => {
    const container = elementOf(target);
    if (!container) throw new Error(`tallygate: there is no ${target} to put a widget into`);
    const id = `challenge-widget-${++made}`;
    const one = place(site, id, container, params);
    placed.set(id, one);
    return one;
  };

  const api = {
    /**
     * Makes a widget of the container, and returns its id; of one that is a widget already, that one's.
     * @param {Target} target
     * @param {Params} [params]
     */
    render: (target, params) => (find(target) ?? put(target, params)).id,

    /**
     * What the widget's work comes to; begins it where that is left to the page.
     * @param {Target} [target]
     * @param {Params} [params] of a widget that is made for it
     * @returns {Promise<string>}
     */
    execute(target, params) {
      const one = find(target) ?? (target && put(target, { ...params, execution: "execute" }));
      if (!one) return Promise.reject(new Error("tallygate: there is no widget"));
      const response = one.get();
      // Who only wants it done has callbacks for what goes wrong.
      response.catch(() => {});
      return response;
    },

    /** @param {Target} [target] */
    reset: (target) => look(target)?.reset(),

    /** @param {Target} [target] */
    remove(target) {
      const one = find(target);
      one?.remove();
      if (one) placed.delete(one.id);
    },

    /**
     * Undefined while there is none.
     * @param {Target} [target]
     */
    getResponse: (target) => look(target)?.response() || undefined,

    /** @param {Target} [target] */
    isExpired: (target) => Boolean(look(target)?.isExpired()),
  };

  /** @param {Target} [target] */
  const look = (target) => {
    const one = find(target);
    if (!one) warn(`there is no widget ${target ?? "yet"}`);
    return one;
  };

  // A page that sleeps in the back-forward cache does no work; what it has had may be used up.
  addEventListener("pagehide", () => placed.forEach((one) => void one.halt()));
  addEventListener("pageshow", (event) => {
    if (event.persisted) placed.forEach((one) => void one.reset());
  });
  return api;
}

/** @param {Target} target */
function elementOf(target) {
  if (typeof target !== "string") return target;
  try {
    return document.querySelector(target);
  } catch {
    return null;
  }
}
