import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { sha256 } from "../src/solver/sha256.js";
import { engines, first64, hex, smallest } from "./reference.js";

const ALL = 2n ** 64n - 1n;
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
const indexes = fc.oneof(fc.nat(15), fc.nat(0xffffffff));
const nodeDigest = (data) => createHash("sha256").update(data).digest("hex");

test("sha256 agrees with node:crypto on any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
      assert.equal(hex(sha256(data)), nodeDigest(data));
    }),
  );
});

test("sha256 pads rightly at every length around a block", () => {
  for (let length = 0; length <= 130; length++) {
    const data = new Uint8Array(length).fill(0xa5);
    assert.equal(hex(sha256(data)), nodeDigest(data));
  }
});

for (const engine of engines) {
  test(`${engine.name}: the smallest accepted nonce, in whatever slices`, () => {
    fc.assert(
      fc.property(
        seeds,
        indexes,
        fc.integer({ min: 1, max: 300 }),
        fc.nat(99),
        (seed, i, work, s) => {
          const threshold = ALL / BigInt(work);
          const search = engine.prepare(seed, i, threshold);
          let found;
          while (found === undefined) found = search.run(s + 1);
          assert.equal(found, smallest(seed, i, threshold));
        },
      ),
    );
  });

  test(`${engine.name}: after a hit the search goes on behind it`, () => {
    const seed = new Uint8Array(32).fill(3);
    const threshold = ALL / 20n;
    const search = engine.prepare(seed, 0, threshold);
    const first = search.run(10_000);
    assert.equal(search.run(10_000), smallest(seed, 0, threshold, first + 1));
  });

  test(`${engine.name}: a search crosses 2^32`, () => {
    const start = 2 ** 32 - 40;
    let crossed = 0;
    fc.assert(
      fc.property(seeds, fc.nat(15), (seed, index) => {
        const threshold = ALL / 100n;
        const found = engine.prepare(seed, index, threshold, start).run(100_000);
        assert.equal(found, smallest(seed, index, threshold, start));
        if (found >= 2 ** 32) crossed++;
      }),
    );
    assert.ok(crossed > 0);
  });

  test(`${engine.name}: both halves of the threshold count`, () => {
    const seed = new Uint8Array(32).fill(8);
    const exact = first64(seed, 5, 77);
    const tried = (threshold) => engine.prepare(seed, 5, threshold, 77).run(1);
    assert.equal(tried(exact), 77);
    assert.equal(tried(exact - 1n), undefined);
    assert.equal(tried(((exact >> 32n) << 32n) - 1n), undefined);
    assert.equal(tried(((exact >> 32n) + 1n) << 32n), 77);
  });

  test(`${engine.name}: nonces end at 2^53 - 1`, () => {
    const seed = new Uint8Array(32);
    const search = engine.prepare(seed, 0, 0n, Number.MAX_SAFE_INTEGER - 9);
    assert.equal(search.run(1000), undefined);
    assert.throws(() => search.run(1), RangeError);
  });
}
