/**
 * What a gate shows: a button until it is pressed, then marks and words, at the end the field.
 */

/**
 * Fills `shadow` and answers presses; what the host held so far is what a browser without scripts
 * shows, and gives the button its label.
 * @param {HTMLElement} host
 * @param {ShadowRoot} shadow
 * @param {string} url that a browser without scripts would open
 * @param {(panel: import("./open.js").Panel) => Promise<void>} open
 * @param {typeof import("../face.js").faceOf} faceOf
 */
export function furnish(host, shadow, url, open, faceOf) {
  const parts = partsOf(host.textContent?.trim() ?? "", url, languageOf(host));
  const { root, field, button, retry } = parts;
  shadow.append(field, root);
  const panel = panelOf(host, shadow, parts, faceOf(root));
  let opening = false;
  const press = async () => {
    if (opening) return;
    opening = true;
    const opened = open(panel);
    // Not every browser has given a pressed button the focus, and the retry button is gone.
    button.focus();
    await opened;
    opening = false;
  };
  for (const pressed of [button, retry]) pressed.addEventListener("click", press);
}

/**
 * The language that the page around `element` is in, if it says.
 * @param {Element} element
 */
export const languageOf = (element) =>
  element
    .closest("[lang]")
    ?.getAttribute("lang")
    ?.match(/^[\w-]+$/)?.[0];

/** @typedef {ReturnType<typeof partsOf>} Parts */

/**
 * Until a refusal brings the site's own words, a failure has to make do with these.
 * @param {string} label
 * @param {string} url
 * @param {string} [language] of the label
 */
function partsOf(label, url, language) {
  const english = { lang: "en", dir: "ltr" };
  // Takes the focus in the host's place: what is in a host with tabindex -1 is no tab stop.
  const field = make("div", { hidden: "", tabindex: "-1" }, make("slot", {}));
  const button = make("button", { type: "button", part: "button" }, label);
  const progress = make("div", { "data-challenge-progress": "", "aria-hidden": "true" });
  const live = make("p", { "data-challenge-live": "", role: "status", ...english });
  const problem = make("p", { "data-challenge-problem-text": "", role: "alert", ...english });
  const retry = make("button", { type: "button", ...english }, "Try again");
  const link = make("a", { href: url, ...(language && { lang: language }) }, label);
  const ways = make("div", { class: "ways" }, retry, link);
  const box = make("div", { "data-challenge-problem": "", hidden: "" }, problem, ways);
  const root = make("div", { class: "gate" }, button, progress, live, box);
  Object.assign(root.dataset, {
    textReady: "Ready.",
    textConnection: "That did not work: the connection was lost.",
    textFailed: "That did not work.",
  });
  return { field, root, button, live, problem, retry };
}

/**
 * @param {HTMLElement} host
 * @param {ShadowRoot} shadow
 * @param {Parts} parts
 * @param {import("../face.js").Face} face
 * @returns {import("./open.js").Panel}
 */
function panelOf(host, shadow, { field, root, button, live, problem, retry }, face) {
  /** @param {boolean} on */
  const busy = (on) => {
    for (const name of ["aria-busy", "aria-disabled"]) button.setAttribute(name, `${on}`);
  };
  return {
    texts: root.dataset,
    face: {
      ...face,
      working() {
        face.working();
        busy(true);
      },
      problem(text, code) {
        const here = shadow.activeElement;
        face.problem(text, code);
        busy(false);
        if (here) retry.focus();
      },
      idle() {
        face.idle();
        busy(false);
      },
    },
    learn(refusal) {
      Object.assign(root.dataset, refusal.words);
      for (const spoken of [live, problem, retry]) {
        spoken.lang = refusal.lang;
        spoken.dir = refusal.dir;
      }
      if (refusal.retry) retry.textContent = refusal.retry;
      root.querySelector(".challenge-ways")?.remove();
      if (refusal.ways) root.append(refusal.ways);
    },
    reveal(content) {
      host.replaceChildren(...content);
      field.hidden = false;
      if (shadow.activeElement) field.focus({ preventScroll: true });
      button.remove();
      host.setAttribute("revealed", "");
    },
  };
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} attributes
 * @param {(string | Node)[]} children
 */
function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
