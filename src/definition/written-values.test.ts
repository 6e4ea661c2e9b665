/** Values as people write them: forms and shapes, whose memory it is, and what does not fit. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
import { isNumeric } from "./element-arrays.ts";
import type { ElementForm } from "./specifications.ts";
import { type ExpectedTensor, writtenValues } from "./written-values.ts";

const fp32: ExpectedTensor = { datatype: "FP32", as: "number", dims: [2, -1] };

/** A typed array that has the shape of `dims`, and which shape that is. */
const shapes: readonly [dims: readonly number[], count: number, shape: readonly number[]][] = [
  [[2, 3], 6, [2, 3]],
  [[2, -1], 6, [2, 3]],
  [[-1, 3], 6, [2, 3]],
  [[-1], 6, [6]],
  [[6], 6, [6]],
  [[1, 2, -1, 3], 6, [1, 2, 1, 3]],
  [[2, -1], 0, [2, 0]],
  [[-1, 3], 0, [0, 3]],
];

for (const [dims, count, shape] of shapes) {
  test(`${count} elements for [${dims}] are [${shape}]`, () => {
    const array = new Float32Array(count);
    const written = writtenValues({ ...fp32, dims }, array);
    check.deepEqual([written.shape, written.isOwn], [shape, false]);
    check.equal(written.bytes.buffer, array.buffer);
    const flat = writtenValues({ ...fp32, dims }, [...array]);
    if (count > 0) check.deepEqual([flat.shape, flat.isOwn], [shape, true]);
  });
}

test("a part of an array is that part", () => {
  const array = Float32Array.of(0, 1, 2, 0);
  const { bytes } = writtenValues({ ...fp32, dims: [1, 2] }, array.subarray(1, 3));
  check.deepEqual(
    [bytes.byteOffset, bytes.byteLength, bytes.buffer === array.buffer],
    [4, 8, true],
  );
});

test("every numeric datatype has its array, and takes no other", () => {
  for (const [datatype, ofDatatype] of Object.entries(typedArrays) as [
    Datatype,
    new (n: number) => TypedArray,
  ][]) {
    const expected: ExpectedTensor = { datatype, as: "bigint", dims: [2] };
    check.equal(writtenValues(expected, new ofDatatype(2)).isOwn, false, datatype);
    const other = ofDatatype.name === "Float64Array" ? new Float32Array(2) : new Float64Array(2);
    check.throws(() => writtenValues(expected, other), {
      name: "TypeError",
      message: `must be a ${ofDatatype.name}; got a ${other.constructor.name}`,
    });
    check.ok(isNumeric(datatype));
  }
});

test("nested arrays have a shape of their own, which is not compared here", () => {
  const { shape, bytes, isOwn } = writtenValues(fp32, [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  check.deepEqual([shape, isOwn], [[3, 2], true]);
  check.deepEqual([...new Float32Array(bytes.buffer)], [1, 2, 3, 4, 5, 6]);
});

test("64-bit integers: as numbers in an array of floats, or as they are", () => {
  const int64: ExpectedTensor = { datatype: "INT64", as: "number", dims: [-1] };
  const numbers = writtenValues(int64, Float64Array.of(-1, 2));
  check.deepEqual([...new BigInt64Array(numbers.bytes.buffer)], [-1n, 2n]);
  check.equal(numbers.isOwn, true);
  check.equal(writtenValues(int64, BigInt64Array.of(5n)).isOwn, false);
  const exact = writtenValues({ ...int64, as: "bigint" }, [2n ** 62n, -3]);
  check.deepEqual([...new BigInt64Array(exact.bytes.buffer)], [2n ** 62n, -3n]);
});

test("texts and bytes are packed", () => {
  const expected: ExpectedTensor = { datatype: "BYTES", as: "string", dims: [2, 1] };
  const { shape, bytes, isOwn } = writtenValues(expected, ["a", Uint8Array.of(0xff)]);
  check.deepEqual([shape, isOwn], [[2, 1], true]);
  check.deepEqual(bytes, packBytes([Uint8Array.of(97), Uint8Array.of(0xff)]));
});

type Refusal = readonly [
  [datatype: Datatype, as: ElementForm, dims: readonly number[]],
  value: unknown,
  message: string,
];

const forms = "must be a tensor, a typed array or nested arrays; got";

const refusals: readonly Refusal[] = [
  [["FP32", "number", [2]], 5, `${forms} number`],
  [["FP32", "number", [2]], null, `${forms} null`],
  [["FP32", "number", [2]], undefined, `${forms} undefined`],
  [["FP32", "number", [2]], {}, `${forms} object`],
  [["BYTES", "string", [1]], "a", `${forms} string`],
  [["FP32", "number", [2]], new Float64Array(2), "must be a Float32Array; got a Float64Array"],
  [
    ["FP32", "number", [2]],
    new DataView(new ArrayBuffer(8)),
    "must be a Float32Array; got a DataView",
  ],
  [["INT64", "bigint", [1]], new Float64Array(1), "must be a BigInt64Array; got a Float64Array"],
  [["FP16", "number", [2]], new Float32Array(2), "must be a Uint16Array; got a Float32Array"],
  [
    ["BYTES", "bytes", [2]],
    new Uint8Array(2),
    "must be nested arrays of texts or bytes; got a Uint8Array",
  ],
  [["FP32", "number", [2]], new Float32Array(3), "must be elements of shape [2]; got 3 elements"],
  [
    ["FP32", "number", [2, -1]],
    new Float32Array(3),
    "must be elements of shape [2,-1]; got 3 elements",
  ],
  [["FP32", "number", [2, 2]], [1, 2, 3], "must be elements of shape [2,2]; got 3 elements"],
  [
    ["FP32", "number", [-1, -1]],
    new Float32Array(4),
    "must be a tensor or nested arrays, as [-1,-1] has 2 free dimensions; got a flat array",
  ],
  [["FP32", "number", [2]], ["1", 2], "a string is not a value of FP32"],
  [["BYTES", "string", [1]], [5], "a number is not a value of BYTES: a string or a Uint8Array is"],
];

for (const [[datatype, as, dims], value, message] of refusals) {
  test(`refused for ${datatype} [${dims}]: ${message}`, () => {
    check.throws(() => writtenValues({ datatype, as, dims }, value), {
      name: "TypeError",
      message,
    });
  });
}
