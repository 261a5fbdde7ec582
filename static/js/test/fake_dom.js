/** As much of a page as the interstitial touches. */

class Classes extends Set {
  toggle(name, on) {
    if (on) this.add(name);
    else this.delete(name);
  }
}

class FakeElement extends EventTarget {
  classList = new Classes();
  children = [];
  dataset = {};
  attributes = {};
  hidden = true;
  texts = [];

  set textContent(text) {
    this.texts.push(text);
  }

  get textContent() {
    return this.texts.at(-1) ?? "";
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  append(...children) {
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = children;
  }

  cloneNode() {
    return new FakeElement();
  }

  focus() {}
}

const PARTS = ["progress", "live", "problem", "problem-text", "retry"];

/** Gives it what a page has above: a heading, and why. */
export function titled(root, heading, why) {
  root.parts.h1 = new FakeElement();
  root.parts.h1.textContent = heading;
  root.parts[".challenge-why"] = new FakeElement();
  root.parts[".challenge-why"].textContent = why;
  return root;
}

/** `#challenge` with its parts in `parts`; `events` lists what the document was told. */
export function fakeRoot(dataset) {
  const parts = Object.fromEntries(PARTS.map((name) => [name, new FakeElement()]));
  const root = new FakeElement();
  root.dataset = dataset;
  root.querySelector = (selector) =>
    parts[selector] ?? parts[selector.slice("[data-challenge-".length, -1)] ?? null;
  return Object.assign(root, { parts });
}

/** Makes `document` draw, and collects its events. */
export function furnish(document) {
  const events = [];
  document.createElementNS = () => new FakeElement();
  for (const name of ["statechange", "progress", "verified", "error"]) {
    document.addEventListener(`challenge:${name}`, ({ detail }) => events.push([name, detail]));
  }
  return events;
}
