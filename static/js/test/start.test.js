import assert from "node:assert/strict";
import { test } from "node:test";
import { prefixOf } from "../src/widget/start.js";

for (const [src, prefix] of [
  ["https://a.example/challenge/static/challenge.js", "https://a.example/challenge"],
  ["https://a.example/challenge/static/challenge.0123.js?x=/y", "https://a.example/challenge"],
  ["https://a.example/app/gate/static/challenge.js", "https://a.example/app/gate"],
  ["https://a.example/static/challenge.js", "https://a.example"],
  ["https://a.example/assets/challenge.js", "/challenge"],
]) {
  test(`the API of ${src}`, () => {
    assert.equal(prefixOf(src), prefix);
  });
}
