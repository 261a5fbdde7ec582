/**
 * Fills in what the gate's public API says about this browser. Nothing is stored, here or there.
 */

const page = document.querySelector("[data-yours]");
const left = page.querySelector("[data-yours-left]");
const ask = page.querySelector("[data-yours-ask]");
const price = page.querySelector("[data-yours-price]");

const number = (value) => value.toLocaleString("en");
const some = (value, noun) => `${number(value)} ${noun}${value === 1 ? "" : "s"}`;

/** Rounds as one speaks: 699,996 is about 700,000. */
const roughly = (value) => number(Number(value.toPrecision(2)));

/** Says what the browser holds at this moment, also after reading on in another tab. */
async function look() {
  const response = await fetch(`${page.dataset.prefix}/v1/clearance`);
  if (!response.ok) return;
  const { remaining, not_before_ms: wait, expires_in: life } = await response.json();
  const when = wait ? `, from ${some(Math.ceil(wait / 1000), "second")} on` : "";
  left.textContent = `${some(remaining, "profile")}${when}; for ${some(Math.ceil(life / 60), "minute")} more, unless it is renewed`;
}

/** Asks for an offer, which costs nothing, and says it in words. */
async function quote() {
  const response = await fetch(`${page.dataset.prefix}/v1/challenges`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: "{}",
  });
  const answer = await response.json();
  if (answer.code === "budget_full") {
    return "Nothing: your clearance is full. Open a profile, and there is room for more.";
  }
  if (!response.ok) throw new Error(answer.code);
  const { puzzle, budget, wait_ms: wait, expires_in: life } = answer;
  const share = (Number(BigInt(`0x${puzzle.threshold}`)) + 1) / 2 ** 64;
  const work = `About ${roughly(puzzle.count / share)} tries (${puzzle.kind}, in ${some(puzzle.count, "part")})`;
  const start = wait ? `, from ${some(Math.ceil(wait / 1000), "second")} on` : "";
  return `${work} for ${some(budget, "profile")}${start}. The offer stands for ${some(life, "second")}; nobody minds if you let it pass.`;
}

const odd = page.querySelector("[data-yours-odd]");

/** Shows the numbers that would be sent with an offer now, and what they come to. */
async function showOdd() {
  const report = await globalThis.tallygate?.report?.();
  if (report === undefined) return;
  const numbers = JSON.parse(report || "{}");
  for (const row of odd.querySelectorAll("[data-yours-number]")) {
    const value = numbers[row.dataset.yoursNumber];
    row.hidden = value === undefined;
    row.querySelector("dd").textContent = value === undefined ? "" : number(value);
  }
  odd.querySelector("[data-yours-nothing]").hidden = report !== "";
  const response = await fetch(odd.dataset.to, { method: "POST", body: report });
  const { factor, odd: reasons } = await response.json();
  odd.querySelector("[data-yours-factor]").textContent =
    factor === 1 ? "Nothing is odd: you pay the plain price." : `${factor} times the work.`;
  odd.querySelector("[data-yours-reasons]").textContent = reasons.join(" ");
  page.querySelector("[data-yours-none]").hidden = true;
  odd.hidden = false;
}

/** Once in two seconds, while somebody looks. */
setInterval(() => {
  if (odd && document.visibilityState === "visible") showOdd().catch(() => {});
}, 2000);

ask.hidden = false;
ask.querySelector("button").addEventListener("click", async () => {
  price.textContent = "";
  try {
    price.textContent = await quote();
  } catch {
    price.textContent = "No answer that makes sense. Try again in a moment.";
  }
});

if (page.dataset.held === "yes") look().catch(() => {});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") look().catch(() => {});
});
