/**
 * A page's heading and the sentence under it, which must not go on saying what is no longer so.
 */

/** @typedef {ReturnType<typeof titleOf>} Title */

/**
 * Returns a function that puts other words there, without any those that the page came with; it
 * returns whether there is a heading at all.
 * @param {Element} root
 */
export function titleOf(root) {
  const heading = root.querySelector("h1");
  const why = root.querySelector(".challenge-why");
  const [words = "", sentence = ""] = [heading, why].map((place) => place?.textContent ?? "");
  /** @param {string} [under] */
  return (said = words, under = said === words ? sentence : "") => {
    if (!heading) return false;
    // With a preview the window is named after the profile.
    if (document.title === heading.textContent) document.title = said;
    heading.textContent = said;
    if (why) why.textContent = under;
    return true;
  };
}
