/**
 * A page's heading and the sentence under it, which must not go on saying what is no longer so.
 */

/** @typedef {ReturnType<typeof titleOf>} Title */

/** @param {Element} root */
export function titleOf(root) {
  const heading = root.querySelector("h1");
  const why = root.querySelector(".challenge-why");
  const first = { heading: heading?.textContent ?? "", why: why?.textContent ?? "" };
  /** @type {(words: string, sentence: string) => void} */
  const write = (words, sentence) => {
    if (!heading || heading.textContent === words) return;
    // With a preview the window is named after the profile.
    if (document.title === heading.textContent) document.title = words;
    heading.textContent = words;
    if (why) why.textContent = sentence;
  };
  return {
    /** What the page came with. */
    usual: () => write(first.heading, first.why),
    /**
     * Returns whether there is a heading to show it.
     * @param {string} [words]
     * @param {string} [sentence]
     */
    is(words, sentence = "") {
      if (words) write(words, sentence);
      return Boolean(heading);
    },
  };
}
