/**
 * `<challenge-widget action="signup">` and `<div class="challenge-widget" data-action="signup">`:
 * places of a page that become widgets by themselves.
 */

export const NAME = "challenge-widget";

/**
 * Elements of that name become widgets whenever they come; others of that class only now.
 * @param {Pick<import("./api.js").Api, "render" | "remove">} api
 */
export function defineWidget({ render, remove }) {
  for (const place of document.querySelectorAll(`.${NAME}:not(${NAME})`)) render(place);
  if (customElements.get(NAME)) return;
  customElements.define(
    NAME,
    class extends HTMLElement {
      connectedCallback() {
        render(this);
      }

      disconnectedCallback() {
        remove(this);
      }
    },
  );
}
