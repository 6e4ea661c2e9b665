/**
 * Element counts: exact within 2^53, whatever the order of the dimensions.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { elementCount, exactElementCount, formatShape } from "./shape.ts";

const cases: readonly [shape: readonly number[], count: number][] = [
  [[], 1],
  [[7], 7],
  [[2, 3, 4], 24],
  [[0], 0],
  [[5, 0, 7], 0],
  [[2 ** 53 - 1], 2 ** 53 - 1],
  [[2 ** 53], Number.POSITIVE_INFINITY],
  [[2 ** 27, 2 ** 27], Number.POSITIVE_INFINITY],
  [[2 ** 40, 2 ** 40, 0], 0],
  [[...Array(20).fill(2 ** 53 - 1), 0], 0],
  [[0, ...Array(20).fill(2 ** 53 - 1)], 0],
  [Array(2000).fill(2 ** 53 - 1), Number.POSITIVE_INFINITY],
];

for (const [shape, count] of cases) {
  test(`[${shape.slice(0, 5)}] has ${count} elements`, () => {
    check.equal(elementCount(shape), count);
  });
}

test("a count is exact, or Infinity", () => {
  const dimension = fc.oneof(fc.nat(10), fc.nat(2 ** 31 - 1), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.array(dimension, { maxLength: 40 }), (shape) => {
      const exact = exactElementCount(shape);
      const count = exact > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : Number(exact);
      check.equal(elementCount(shape), count);
    }),
    { numRuns: 2000 },
  );
});

test("a shape is printed as Triton prints it", () => {
  check.equal(formatShape([-1, 16]), "[-1,16]");
  check.equal(formatShape([]), "[]");
});
