/**
 * A face that is a page of its own: what its heading and the sentence under it say must not go on
 * when it is no longer so.
 */

import { faceOf } from "./face.js";

/**
 * @param {HTMLElement} root as for `faceOf`; where they are there, with h1 and .challenge-why
 * @returns {import("./face.js").Face}
 */
export function pageFaceOf(root) {
  const face = faceOf(root);
  const title = titleOf(root);
  return {
    ...face,
    working() {
      title();
      face.working();
    },
    queue(ms, moreMs) {
      title(...queueTitle(root.dataset, Boolean(moreMs)));
      face.queue(ms, moreMs);
    },
    asking(ms) {
      title(root.dataset.textHoldHeading, root.dataset.textHoldWhy);
      return face.asking(ms);
    },
    problem(text, code) {
      title(root.dataset.textProblemHeading);
      face.problem(text, code);
    },
  };
}

/**
 * @param {DOMStringMap} texts
 * @param {boolean} more
 */
function queueTitle(texts, more) {
  return more
    ? [texts.textMoreHeading, texts.textMoreWhy]
    : [texts.textQueueHeading, texts.textQueueWhy];
}

/**
 * Returns a function that puts other words there; without any, those that the page came with.
 * @param {Element} root
 */
function titleOf(root) {
  const heading = root.querySelector("h1");
  const why = root.querySelector(".challenge-why");
  const [words = "", sentence = ""] = [heading, why].map((place) => place?.textContent ?? "");
  /** @param {string} [under] */
  return (said = words, under = said === words ? sentence : "") => {
    if (!heading) return;
    // With a preview the window is named after the profile.
    if (document.title === heading.textContent) document.title = said;
    heading.textContent = said;
    if (why) why.textContent = under;
  };
}
