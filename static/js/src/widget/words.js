/**
 * What a widget says where the page brings no words of its own (data-text-*).
 */

/** @type {Record<string, string>} */
export const ENGLISH = {
  textIdle: "Protected against bulk sending.",
  textWorking: "One moment.",
  textCount: "{done} of {count}",
  textSlow: "This takes a little longer on this device, about {seconds} seconds.",
  textReady: "Ready.",
  textSending: "Sent as soon as this is done.",
  textQueue:
    "Many forms were sent from your network. This one is ready in about {seconds} seconds; you can go on filling it in.",
  textExpired: "Some time has passed, so this has to be done once more before you send the form.",
  textRenew: "Do it again",
  textRetry: "Try again",
  textConnection: "That did not work: the connection was lost. Check it, then try again.",
  textBusy:
    "Very much is being sent to this site at the moment. Wait half a minute, then try again.",
  textRefused:
    "This site takes no forms from your network at the moment. If you think that is wrong, contact the site.",
  textFailed:
    "That did not work: your browser could not finish its piece of work. Try again; if it fails once more, another browser may help.",
  textUnsupported:
    "This form does not work in a browser as old as this one. A newer one will do, or you can contact the site.",
};
