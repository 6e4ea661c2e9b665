/** Nested arrays: there and back, and where they are wrong. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import type { Datatype } from "../protocol/datatype.ts";
import { flattenNested, toNested } from "./nested-values.ts";

const flattened: readonly [Datatype, nested: unknown, shape: readonly number[], values: unknown][] =
  [
    ["FP32", 1.5, [], Float32Array.of(1.5)],
    ["FP32", [1, 2, 3], [3], Float32Array.of(1, 2, 3)],
    ["INT8", [[1], [-128]], [2, 1], Int8Array.of(1, -128)],
    ["UINT8", [[[0, 255]]], [1, 1, 2], Uint8Array.of(0, 255)],
    ["FP64", [], [0], new Float64Array()],
    ["FP64", [[], []], [2, 0], new Float64Array()],
    ["BOOL", [true, false, 1, 0], [4], Uint8Array.of(1, 0, 1, 0)],
    ["INT64", [1n, 2, -(2n ** 63n)], [3], BigInt64Array.of(1n, 2n, -(2n ** 63n))],
    ["UINT64", [2n ** 64n - 1n], [1], BigUint64Array.of(2n ** 64n - 1n)],
    ["FP16", [1, -2], [2], Uint16Array.of(0x3c00, 0xc000)],
    ["BYTES", [["a"], [Uint8Array.of(7)]], [2, 1], ["a", Uint8Array.of(7)]],
    ["BYTES", "a", [], ["a"]],
  ];

for (const [datatype, nested, shape, values] of flattened) {
  test(`${datatype} of shape [${shape.join()}]`, () => {
    check.deepEqual(flattenNested(datatype, nested), { shape, values });
  });
}

const ragged = (shape: string, found: string): string =>
  `ragged arrays: ${found} of shape ${shape}`;

function nestedDeep(depth: number): unknown {
  return Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);
}

const refusals: readonly [what: string, Datatype, nested: unknown, message: string][] = [
  ["a shorter row", "FP32", [[1, 2], [3]], ragged("[2,2]", "1 elements at depth 1")],
  ["a longer row", "FP32", [[1], [2, 3]], ragged("[2,1]", "2 elements at depth 1")],
  ["a value for a row", "FP32", [[1], 2], ragged("[2,1]", "a single value at depth 1")],
  ["a row for a value", "FP32", [1, [2]], ragged("[2]", "1 elements at depth 1")],
  ["a row for a text", "BYTES", ["a", ["b"]], ragged("[2]", "1 elements at depth 1")],
  ["a text for a number", "FP32", ["1"], "a string is not a value of FP32"],
  ["nothing for a number", "FP32", [null], "null is not a value of FP32"],
  ["a bigint for a number", "INT32", [1n], "1 is not a value of INT32"],
  ["a number for a boolean", "BOOL", [2], "2 is not a value of BOOL"],
  ["a fraction", "INT32", [1.5], "1.5 is not a value of INT32"],
  ["not a number", "UINT8", [Number.NaN], "NaN is not a value of UINT8"],
  ["above the largest", "UINT8", [256], "256 is not a value of UINT8"],
  ["below the least", "UINT32", [-1], "-1 is not a value of UINT32"],
  ["above the largest of 64 bits", "INT64", [2n ** 63n], `${2n ** 63n} is not a value of INT64`],
  ["below the least of 64 bits", "UINT64", [-1n], "-1 is not a value of UINT64"],
  ["a fraction for 64 bits", "INT64", [0.5], "0.5 is not a value of INT64"],
  [
    "an inexact number for 64 bits",
    "INT64",
    [2 ** 53],
    "9007199254740992 is beyond 2^53, where numbers are not exact: use bigint",
  ],
  ["a number for a text", "BYTES", [1], "1 is not a value of BYTES: a string or a Uint8Array is"],
  [
    "nothing for a text",
    "BYTES",
    [null],
    "null is not a value of BYTES: a string or a Uint8Array is",
  ],
  ["too deep", "FP32", nestedDeep(33), "arrays are nested deeper than 32"],
];

for (const [what, datatype, nested, message] of refusals) {
  test(`refused: ${what}`, () => {
    check.throws(() => flattenNested(datatype, nested), { name: "TypeError", message });
  });
}

test("as deep as it may be", () => {
  const { shape, values } = flattenNested("FP32", nestedDeep(32));
  check.equal(shape.length, 32);
  check.deepEqual(values, Float32Array.of(1));
});

test("no elements in several dimensions keep the outer ones", () => {
  check.deepEqual(toNested("FP32", [2, 0, 3], []), [[], []]);
  check.deepEqual(toNested("FP32", [0, 2], []), []);
  check.equal(toNested("FP32", [], [5]), 5);
});

test("what is nested and flattened is the same again", () => {
  const shapes = fc.array(fc.nat(4), { maxLength: 4 });
  fc.assert(
    fc.property(shapes, fc.infiniteStream(fc.integer({ min: 1, max: 1000 })), (shape, numbers) => {
      const count = shape.reduce((product, dimension) => product * dimension, 1);
      const values = Int32Array.from(numbers.take(count));
      const again = flattenNested("INT32", toNested("INT32", shape, values));
      // Past a dimension of 0 there is nothing to tell the others from.
      const known = shape.includes(0) ? shape.slice(0, shape.indexOf(0) + 1) : shape;
      check.deepEqual(again, { shape: known, values });
    }),
  );
});
