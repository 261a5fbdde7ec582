import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { afterEach, beforeEach, mock, test } from "node:test";
import { prove } from "../src/browser_key.js";
import { canonical } from "../src/solver/canonical.js";
import { fakeIndexedDB, settle } from "./fakes.js";

const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const original = Object.getOwnPropertyDescriptor(globalThis, "crypto");
let database;

/** @param {object} subtle what differs from Node's */
function useCrypto(subtle) {
  const value = subtle && { subtle };
  Object.defineProperty(globalThis, "crypto", { value, configurable: true, writable: true });
}

/** Node's own, counting the keys that are made. */
function countingSubtle() {
  const { subtle } = webcrypto;
  const made = [];
  return {
    made,
    sign: (...given) => subtle.sign(...given),
    exportKey: (...given) => subtle.exportKey(...given),
    async generateKey(...given) {
      const pair = await subtle.generateKey(...given);
      made.push(pair);
      return pair;
    },
  };
}

beforeEach(() => {
  database = fakeIndexedDB();
  globalThis.indexedDB = database;
  useCrypto(countingSubtle());
});

afterEach(() => {
  delete globalThis.indexedDB;
  if (original) Object.defineProperty(globalThis, "crypto", original);
  else delete globalThis.crypto;
  mock.timers.reset();
});

async function verified({ key, proof }, challenge) {
  const imported = await webcrypto.subtle.importKey("jwk", key, ES256, false, ["verify"]);
  const message = canonical("challenge/v1/proof", challenge);
  return webcrypto.subtle.verify(ES256, imported, Buffer.from(proof, "base64url"), message);
}

test("the proof is 64 raw bytes over the canonical message, and verifies for that alone", async () => {
  const signed = await prove("main", "jws.of.it");
  assert.deepEqual(Object.keys(signed).sort(), ["key", "proof"]);
  assert.deepEqual(Object.keys(signed.key).sort(), ["crv", "kty", "x", "y"]);
  assert.deepEqual([signed.key.kty, signed.key.crv], ["EC", "P-256"]);
  assert.match(signed.proof, /^[A-Za-z0-9_-]{86}$/);
  assert.equal(await verified(signed, "jws.of.it"), true);
  assert.equal(await verified(signed, "jws.of.is"), false);
});

test("base64url without + / =, over many signatures", async () => {
  for (let i = 0; i < 40; i++) {
    const signed = await prove("main", `c${i}`);
    assert.match(signed.proof, /^[A-Za-z0-9_-]{86}$/);
    assert.equal(await verified(signed, `c${i}`), true);
  }
});

test("the key is kept, can't be extracted, and is the site's own", async () => {
  const first = await prove("main", "c1");
  const again = await prove("main", "c2");
  assert.deepEqual(again.key, first.key);
  assert.equal(crypto.subtle.made.length, 1);
  const { privateKey } = database.records("challenge-main").get("browser");
  assert.equal(privateKey.extractable, false);
  await assert.rejects(webcrypto.subtle.exportKey("jwk", privateKey));
  const other = await prove("second", "c1");
  assert.notDeepEqual(other.key, first.key);
  assert.deepEqual([...new Set(database.opened)], ["challenge-main", "challenge-second"]);
});

test("tabs that find none at once end with one key", async () => {
  const all = await Promise.all(Array.from({ length: 8 }, (_, i) => prove("main", `c${i}`)));
  assert.ok(crypto.subtle.made.length > 1, "the race took place");
  assert.equal(database.puts.length, 1);
  assert.equal(new Set(all.map(({ key }) => key.x)).size, 1);
  for (const [i, signed] of all.entries()) assert.equal(await verified(signed, `c${i}`), true);
});

for (const [name, arrange] of [
  ["no WebCrypto", () => useCrypto(undefined)],
  ["no subtle, as on plain http", () => useCrypto(null)],
  ["no IndexedDB", () => delete globalThis.indexedDB],
  [
    "IndexedDB refused on access",
    () =>
      Object.defineProperty(globalThis, "indexedDB", {
        configurable: true,
        get() {
          throw new Error("SecurityError");
        },
      }),
  ],
  [
    "IndexedDB that fails to open",
    () => {
      database.open = () => {
        const request = { error: new Error("refused") };
        setImmediate(() => request.onerror());
        return request;
      };
    },
  ],
  ["a key that can't be stored", () => database.refusePuts()],
  [
    "a key that no longer signs",
    () => useCrypto({ ...countingSubtle(), sign: () => Promise.reject(new Error("gone")) }),
  ],
]) {
  test(`${name}: no key and no error`, async () => {
    arrange();
    assert.equal(await prove("main", "c1"), undefined);
  });
}

test("IndexedDB that hangs is waited for 3 s", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  database.open = () => ({});
  let result = "pending";
  prove("main", "c1").then((proof) => {
    result = proof;
  });
  mock.timers.tick(2999);
  await settle();
  assert.equal(result, "pending");
  mock.timers.tick(1);
  await settle();
  assert.equal(result, undefined);
});
