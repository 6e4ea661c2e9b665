/**
 * Shapes of inputs without one: how a number of elements is shared out over dimensions.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { shapeFor } from "./generate-input.ts";
import { elementCount } from "./shape.ts";

const shapes: readonly [
  dims: readonly number[],
  count: number,
  shape: readonly number[] | undefined,
][] = [
  [[-1], 5, [5]],
  [[-1, -1], 4, [1, 4]],
  [[-1, 3], 6, [2, 3]],
  [[-1, 3], 5, undefined],
  [[-1, 2, -1], 6, [1, 2, 3]],
  [[2, -1, 3], 12, [2, 2, 3]],
  [[2, 3], 6, [2, 3]],
  [[2, 3], 12, undefined],
  [[2, 3], 3, undefined],
  [[], 1, []],
  [[], 2, undefined],
  [[-1, 0], 1, undefined],
];

for (const [dims, count, shape] of shapes) {
  test(`${count} elements for [${dims}]: ${shape === undefined ? "none" : `[${shape}]`}`, () => {
    check.deepEqual(shapeFor(dims, count), shape);
  });
}

test("a shape has as many elements, and free dimensions are 1 but for the innermost", () => {
  const dims = fc.array(fc.constantFrom(-1, 1, 2, 3, 4), { maxLength: 5 });
  fc.assert(
    fc.property(dims, fc.integer({ min: 1, max: 500 }), (dims, count) => {
      const fixed = elementCount(dims.filter((dimension) => dimension !== -1));
      const shape = shapeFor(dims, count);
      const fits = dims.includes(-1) ? count % fixed === 0 : count === fixed;
      check.equal(shape !== undefined, fits);
      if (shape === undefined) return;
      check.equal(elementCount(shape), count);
      const innermost = dims.lastIndexOf(-1);
      for (const [index, dimension] of dims.entries()) {
        if (index !== innermost) check.equal(shape[index], dimension === -1 ? 1 : dimension);
      }
    }),
  );
});
