/** Elements into arrays and out: what a datatype has goes both ways, anything else is refused. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { type NumericDatatype, typedArrays } from "../protocol/typed-arrays.ts";
import {
  decodeElement,
  encodeElement,
  isNumeric,
  isWideAsNumber,
  numbersToWide,
  wideToNumbers,
} from "./element-arrays.ts";

/** Ends of each range, and what lies just beyond. */
const ranges: readonly (readonly [
  datatype: NumericDatatype,
  inside: readonly unknown[],
  outside: readonly unknown[],
])[] = [
  ["BOOL", [true, false], [2, -1, "true", null, 0.5, 1n]],
  ["UINT8", [0, 255], [-1, 256, 0.5, Number.NaN, 1n, "1", true]],
  ["UINT16", [0, 65_535], [-1, 65_536, Number.POSITIVE_INFINITY]],
  ["UINT32", [0, 2 ** 32 - 1], [-1, 2 ** 32]],
  ["INT8", [-128, 127], [-129, 128]],
  ["INT16", [-32_768, 32_767], [-32_769, 32_768]],
  ["INT32", [-(2 ** 31), 2 ** 31 - 1], [-(2 ** 31) - 1, 2 ** 31]],
  [
    "INT64",
    [-(2n ** 63n), 2n ** 63n - 1n],
    [-(2n ** 63n) - 1n, 2n ** 63n, 0.5, Number.NaN, "1", null],
  ],
  ["UINT64", [0n, 2n ** 64n - 1n], [-1n, 2n ** 64n, -1]],
  ["FP16", [0.5, -65_504, Number.POSITIVE_INFINITY], ["0.5", 1n, true]],
  ["BF16", [0.5, -1, Number.NEGATIVE_INFINITY], ["0.5", 1n]],
  ["FP32", [0.5, -1.5, Number.NaN], ["0.5", 1n, undefined, true]],
  ["FP64", [Math.PI, 5e-324], ["0.5", 1n]],
];

for (const [datatype, inside, outside] of ranges) {
  test(`${datatype}: what it has comes out as it went in`, () => {
    const stored = new typedArrays[datatype](1) as Float64Array;
    for (const element of inside) {
      stored[0] = encodeElement(datatype, element) as number;
      check.deepEqual(decodeElement(datatype, stored[0]), element);
    }
  });

  test(`${datatype}: what it has not is refused`, () => {
    for (const element of outside) {
      check.throws(() => encodeElement(datatype, element), {
        name: "TypeError",
        message: new RegExp(` is not a value of ${datatype}$`),
      });
    }
  });
}

test("0 and 1 will do for a boolean, and safe numbers for a wide integer", () => {
  check.deepEqual([encodeElement("BOOL", 0), encodeElement("BOOL", 1)], [0, 1]);
  check.deepEqual([encodeElement("INT64", -5), encodeElement("UINT64", 5)], [-5n, 5n]);
});

test("a number beyond 2^53 is not trusted to be exact", () => {
  for (const number of [2 ** 53, -(2 ** 53), 1e300]) {
    check.throws(() => encodeElement("INT64", number), {
      name: "TypeError",
      message: `${number} is beyond 2^53, where numbers are not exact: use bigint`,
    });
  }
});

test("what is refused is told without what it holds", () => {
  const told = ["secret", () => 1, { a: 1 }, null, 300, Symbol("s")].map((value) => {
    try {
      return encodeElement("UINT8", value);
    } catch (error) {
      return error instanceof Error ? error.message : error;
    }
  });
  check.deepEqual(told, [
    "a string is not a value of UINT8",
    "a function is not a value of UINT8",
    "an object is not a value of UINT8",
    "null is not a value of UINT8",
    "300 is not a value of UINT8",
    "Symbol(s) is not a value of UINT8",
  ]);
});

test("safe integers go from numbers to 64 bits and back", () => {
  const safe = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(fc.array(safe), (numbers) => {
      const wide = numbersToWide("INT64", numbers) as BigInt64Array;
      check.deepEqual(
        [...wide],
        numbers.map((number) => BigInt(number)),
      );
      check.deepEqual(
        [...wideToNumbers("INT64", new Uint8Array(wide.buffer))],
        numbers.map((number) => number + 0),
      );
    }),
  );
});

test("of 64 bits that no number holds the client is told which", () => {
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n]) {
    check.throws(() => wideToNumbers("INT64", new Uint8Array(BigInt64Array.of(1n, value).buffer)), {
      name: "TypeError",
      message: `element 1 is ${value}: beyond 2^53`,
    });
  }
});

test("numbers that are no integers do not become wide", () => {
  for (const number of [0.5, Number.NaN, 2 ** 53]) {
    check.throws(() => numbersToWide("UINT64", [number]), { name: "TypeError" });
  }
  check.throws(() => numbersToWide("UINT64", [-1]), { message: "-1 is not a value of UINT64" });
});

test("which datatypes are numeric, and which are kept as numbers", () => {
  check.deepEqual([isNumeric("BYTES"), isNumeric("BOOL")], [false, true]);
  const forms = [isWideAsNumber("INT64", "number"), isWideAsNumber("UINT64", "number")];
  check.deepEqual(forms, [true, true]);
  check.deepEqual(
    [isWideAsNumber("INT64", "bigint"), isWideAsNumber("INT32", "number")],
    [false, false],
  );
});
