/**
 * Other projects' solvers, driven as their own workers drive them.
 */

import initCap, { solve_pow } from "@cap.js/wasm/browser/cap_wasm.js";
import capWasm from "@cap.js/wasm/browser/cap_wasm_bg.wasm";
import * as mcaptcha from "@mcaptcha/pow-wasm/pow_wasm_bg.js";
import mcaptchaWasm from "@mcaptcha/pow-wasm/pow_wasm_bg.wasm";
import { getWasmSolver } from "friendly-pow/api/wasm.js";
import friendlyWasm from "friendly-pow/wasm/optimized.wasm";

/** Repeats `part`, which returns (a promise of) its hashes, until the time is up. */
function repeating(part) {
  return async (ms) => {
    const end = performance.now() + ms;
    let hashes = 0;
    while (performance.now() < end) hashes += await part();
    return hashes;
  };
}

function randomHex(digits) {
  const bytes = crypto.getRandomValues(new Uint8Array(digits / 2));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** It tries 0, 1, 2 and so on: the answer tells how many. A salt is 32 digits, a target four. */
async function cap() {
  await initCap({ module_or_path: await WebAssembly.compile(capWasm) });
  return repeating(() => Number(solve_pow(randomHex(32), randomHex(4))) + 1);
}

/** Its worker tries all numbers up to `max` and posts null where none has the wanted digest. */
function altcha() {
  const worker = new Worker("altcha_worker.js");
  const max = 4095;
  const payload = { algorithm: "SHA-256", challenge: "none", salt: randomHex(24) };
  return repeating(
    () =>
      new Promise((resolve, reject) => {
        worker.onmessage = () => resolve(max + 1);
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage({ type: "work", payload, start: 0, max });
      }),
  );
}

/** It takes a number of tries; no output is below a threshold of 0. */
async function friendly() {
  const search = await getWasmSolver(await WebAssembly.compile(friendlyWasm));
  const input = crypto.getRandomValues(new Uint8Array(128));
  const tries = 65536;
  return repeating(() => {
    new DataView(input.buffer).setUint32(124, 0);
    search(input, 0, tries);
    return tries;
  });
}

/** It tries 1, 2, 3 and so on: the answer tells how many. The work is its default for traffic. */
async function mcaptchaSolver() {
  const { instance } = await WebAssembly.instantiate(mcaptchaWasm, {
    "./pow_wasm_bg.js": mcaptcha,
  });
  mcaptcha.__wbg_set_wasm(instance.exports);
  return repeating(() => JSON.parse(mcaptcha.gen_pow(randomHex(32), randomHex(32), 50_000)).nonce);
}

export const peers = { cap, altcha, friendly, mcaptcha: mcaptchaSolver };
