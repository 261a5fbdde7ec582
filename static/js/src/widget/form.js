/**
 * The form around a widget: it is not sent before there is a response to send.
 */

/**
 * @param {HTMLFormElement} form
 * @param {() => Promise<string> | undefined} missing the response that the form has to wait for;
 *   undefined when it need not
 * @param {{ waiting: (waits: boolean) => void, reset: () => void }} tell
 * @param {AbortSignal} signal ends it
 */
export function watchForm(form, missing, tell, signal) {
  let waits = false;
  /** @type {HTMLElement | null} */
  let submitter;
  const submit = async (/** @type {SubmitEvent} */ event) => {
    const response = closesDialog(event) ? undefined : missing();
    if (!response) return;
    event.preventDefault();
    // The page's own handlers run when the form is sent in earnest.
    event.stopImmediatePropagation();
    submitter = event.submitter;
    if (waits) return;
    waits = true;
    tell.waiting(true);
    const came = await response.then(Boolean, () => false);
    waits = false;
    tell.waiting(false);
    if (came && !signal.aborted) send(form, submitter);
  };
  // Before the page's handlers, whenever they were added.
  form.addEventListener("submit", submit, { capture: true, signal });
  const reset = (/** @type {Event} */ event) => {
    // A handler may forbid it yet.
    setTimeout(() => event.defaultPrevented || signal.aborted || tell.reset());
  };
  form.addEventListener("reset", reset, { signal });
}

/** @param {SubmitEvent} event */
function closesDialog({ target, submitter }) {
  const { formMethod } = /** @type {Partial<HTMLButtonElement>} */ (submitter ?? {});
  return (formMethod || /** @type {HTMLFormElement} */ (target).method) === "dialog";
}

/**
 * Sends it as the visitor did.
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} submitter
 */
export function send(form, submitter) {
  try {
    form.requestSubmit(submitter);
  } catch {
    // The button has gone meanwhile.
    form.requestSubmit();
  }
}
