/** What differs between two texts, and where. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { lineDifference } from "./line-difference.ts";

const lines = ["import", "  readonly linear: ModelType<", "    a", "    b", "  >;", "}"];

test("nothing differs", () => {
  check.deepEqual(lineDifference(lines, lines), []);
});

test("what went, what came, and what it belongs to", () => {
  const now = ["import", "  readonly linear: ModelType<", "    a", "    c", "    d", "  >;", "}"];
  const place = "    readonly linear: ModelType<";
  check.deepEqual(lineDifference(lines, now), [place, "-     b", "+     c", "+     d"]);
});

test("what comes at the end", () => {
  check.deepEqual(lineDifference(lines, [...lines, ""]), ["+ "]);
});

test("as many lines go and come as the texts differ in length", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c"));
  fc.assert(
    fc.property(text, text, (old, now) => {
      const difference = lineDifference(old, now);
      const count = (mark: string) => difference.filter((line) => line.startsWith(mark)).length;
      check.equal(count("+ ") - count("- "), now.length - old.length);
      check.equal(difference.length === 0, old.join() === now.join());
    }),
  );
});
