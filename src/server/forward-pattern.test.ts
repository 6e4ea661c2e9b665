/** Patterns of forwarded headers: what they match with some names left out is what they match else. */
import { strict as check } from "node:assert";
import test from "node:test";
import { toPattern } from "./forward-pattern.ts";

const names = ["x-key", "x-tenant", "my-x-key", "x-keys", "key", "xxkey", "authorization", "a.b"];

for (const text of ["^x-", "key$", "x-key|tenant", ".", "k", "^(a)uth.*\\1?", "X-T", "^$|key"]) {
  test(`${text}: with and without names that it must not match`, () => {
    const except = ["x-key", "a.b"];
    for (const name of names) {
      const expected = new RegExp(text, "i").test(name) && !except.includes(name);
      check.equal(toPattern(text, except)?.test(name), expected, name);
      check.equal(toPattern(text, except)?.test(name.toUpperCase()), expected, name);
      check.equal(toPattern(text)?.test(name), new RegExp(text, "i").test(name), name);
    }
  });
}

test("no pattern is none", () => {
  check.equal(toPattern("", ["x-key"]), undefined);
});
