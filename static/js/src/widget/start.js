/**
 * The widget's file: `challenge.js` fetches it, and starts it once.
 */

import { whenParsed } from "../page.js";
import { apiOf } from "./api.js";
import { defineWidget } from "./element.js";

/**
 * Completes `tallygate`, calls the function that `?onload=` names, and turns the page's elements
 * into widgets unless `?render=explicit` leaves that to the page. Resolves when that is done.
 * @param {{ src: string, dataset: DOMStringMap }} script challenge.js's tag
 * @param {import("./place.js").Site["solve"]} solve the solver that it and its workers have
 * @returns {Promise<void>}
 */
export function startWidgets({ src, dataset }, solve) {
  const query = new URL(src).searchParams;
  const api = apiOf({ prefix: dataset.prefix || prefixOf(src), scriptUrl: src, solve });
  const page = /** @type {Record<string, any>} */ (globalThis);
  Object.assign(page.tallygate, api);
  return new Promise((resolve) => {
    whenParsed(() => {
      resolve();
      page[query.get("onload") ?? ""]?.();
      if (query.get("render") !== "explicit") defineWidget(api);
    });
  });
}

/**
 * Where the API is, by where the script is.
 * @param {string} src
 */
export function prefixOf(src) {
  const { origin, pathname } = new URL(src);
  const prefix = pathname.match(/^(.*)\/static\/[^/]*$/)?.[1];
  return prefix === undefined ? "/challenge" : origin + prefix;
}
