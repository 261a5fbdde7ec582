import assert from "node:assert/strict";
import { test } from "node:test";
import { canonical, challengeSeed } from "../src/solver/canonical.js";
import { sha256Kind } from "../src/solver/sha256_kind.js";
import { bytes, engines, first64, hex, vectors } from "./reference.js";

const puzzle = vectors("sha256_puzzle.json");

test("canonical joins as the vectors say", () => {
  const { cases } = vectors("canonical.json");
  assert.ok(cases.length >= 10);
  for (const { parts, hex: expected } of cases) {
    const given = parts.map((part) => (typeof part === "string" ? part : bytes(part.hex)));
    assert.equal(hex(canonical(...given)), expected);
  }
});

test("the seed of a challenge", () => {
  for (const { challenge, seed } of puzzle.seeds) {
    assert.equal(hex(challengeSeed(challenge)), seed);
  }
});

test("a digest is accepted at its own first 64 bits and not one below", () => {
  for (const { seed, index, nonce, first64: expected } of puzzle.digests) {
    const exact = BigInt(`0x${expected}`);
    assert.equal(first64(bytes(seed), index, nonce), exact);
    for (const engine of engines) {
      const tried = (threshold) => engine.prepare(bytes(seed), index, threshold, nonce).run(1);
      assert.equal(tried(exact), nonce);
      assert.equal(tried(exact - 1n), undefined);
    }
  }
});

test("work from 1 to 2^32 accepts what its threshold says, by every engine", () => {
  assert.deepEqual(
    puzzle.thresholds.map(({ work }) => work),
    [1, 2, 3, 2.5, 2 ** 32],
  );
  let accepted = 0;
  for (const { threshold } of puzzle.thresholds) {
    const limit = BigInt(`0x${threshold}`);
    for (const { seed, index, nonce, first64: output } of puzzle.digests) {
      const expected = BigInt(`0x${output}`) <= limit ? nonce : undefined;
      for (const engine of engines) {
        assert.equal(engine.prepare(bytes(seed), index, limit, nonce).run(1), expected);
      }
      if (limit < 2n ** 32n && expected !== undefined) accepted++;
    }
  }
  assert.ok(accepted > 0, "one of them is one in 2^32");
});

for (const engine of engines) {
  test(`the smallest nonces of whole puzzles, by ${engine.name}`, () => {
    for (const { seed, threshold, answers } of puzzle.solutions) {
      const found = answers.map((_, index) => {
        const task = { kind: "sha256", seed: bytes(seed), index, threshold };
        return sha256Kind.search(task, engine).run(10_000_000);
      });
      assert.deepEqual(found, answers);
    }
  });
}
