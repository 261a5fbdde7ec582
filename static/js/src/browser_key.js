/**
 * The key that makes a clearance this browser's own: ECDSA P-256, not extractable, in IndexedDB.
 * Where any of that is missing or broken there is no key, and the clearance is a bearer's.
 */

import { base64url } from "./base64url.js";
import { canonical } from "./solver/canonical.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const STORE = "keys";
const RECORD = "browser";

/** Some browsers have left IndexedDB hanging for ever: then it counts as missing. */
const MOST_WAIT_MS = 3000;

/**
 * What a redeem carries to prove the key.
 * @typedef {object} Proof
 * @property {{ kty: "EC", crv: "P-256", x: string, y: string }} key
 * @property {string} proof base64url of r || s over the challenge
 */

/**
 * Signs a challenge with the browser's key for `site`, which is made on first need. Never rejects;
 * undefined when this browser can't keep a key.
 * @param {string} site
 * @param {string} challenge
 * @returns {Promise<Proof | undefined>}
 */
export async function prove(site, challenge) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, MOST_WAIT_MS);
  });
  const proof = signed(site, challenge).catch(() => undefined);
  const first = await Promise.race([proof, late]);
  clearTimeout(timer);
  return /** @type {Proof | undefined} */ (first);
}

/**
 * @param {string} site
 * @param {string} challenge
 * @returns {Promise<Proof>}
 */
async function signed(site, challenge) {
  const { publicKey, privateKey } = await keyPair(`challenge-${site}`);
  const message = /** @type {BufferSource} */ (canonical("challenge/v1/proof", challenge));
  const signature = await crypto.subtle.sign(ALGORITHM, privateKey, message);
  const { x, y } = await crypto.subtle.exportKey("jwk", publicKey);
  if (!x || !y) throw new Error("a key without its point");
  return { key: { kty: "EC", crv: "P-256", x, y }, proof: base64url(new Uint8Array(signature)) };
}

/**
 * The pair that is kept in the database `name`; two tabs that find none at once get the same one.
 * @param {string} name
 */
async function keyPair(name) {
  const database = await openDatabase(name);
  try {
    const kept = await getOrPut(database);
    if (kept) return kept;
    // Made before the transaction that puts it: a transaction ends while it waits for anything else.
    const made = await crypto.subtle.generateKey(ALGORITHM, false, ["sign"]);
    return /** @type {CryptoKeyPair} */ (await getOrPut(database, made));
  } finally {
    database.close();
  }
}

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
function openDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * The pair that the database holds when the transaction is through; `made` is put only if it held
 * none. Undefined when there is neither.
 * @param {IDBDatabase} database
 * @param {CryptoKeyPair} [made]
 * @returns {Promise<CryptoKeyPair | undefined>}
 */
function getOrPut(database, made) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, made ? "readwrite" : "readonly");
    const store = transaction.objectStore(STORE);
    const request = store.get(RECORD);
    /** @type {CryptoKeyPair | undefined} */
    let pair;
    request.onsuccess = () => {
      pair = request.result ?? made;
      if (pair && !request.result) store.put(pair, RECORD);
    };
    transaction.oncomplete = () => resolve(pair);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}
