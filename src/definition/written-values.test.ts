/** Values as people write them, with the shape that they get, and every complaint. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Datatype } from "../protocol/datatype.ts";
import { type NumericDatatype, typedArrays } from "../protocol/typed-arrays.ts";
import { defaultForm } from "./specifications.ts";
import { type ExpectedTensor, writtenValues } from "./written-values.ts";

function expected(datatype: Datatype, dims: readonly number[]): ExpectedTensor {
  return { datatype, as: defaultForm(datatype), dims };
}

const floats = Float32Array.of(1, 2, 3, 4, 5, 6);

const shapes: readonly (readonly [
  what: string,
  dims: readonly number[],
  value: unknown,
  shape: readonly number[],
])[] = [
  ["a typed array of a fixed shape", [2, 3], floats, [2, 3]],
  ["a typed array, its first dimension free", [-1, 3], floats, [2, 3]],
  ["a typed array, another dimension free", [2, -1], floats, [2, 3]],
  ["a typed array of one free dimension", [-1], floats, [6]],
  ["an empty typed array", [-1, 3], new Float32Array(0), [0, 3]],
  ["a flat array, as a typed one", [-1, 3], [1, 2, 3, 4, 5, 6], [2, 3]],
  ["a flat array where one dimension is expected", [-1], [1, 2, 3, 4, 5, 6], [6]],
  [
    "nested arrays have a shape of their own",
    [-1, -1],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [2, 3],
  ],
  [
    "nested arrays of another shape: for others to judge",
    [9, 9],
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [2, 3],
  ],
];

for (const [what, dims, value, shape] of shapes) {
  test(`${what}`, () => {
    const written = writtenValues(expected("FP32", dims), value);
    check.deepEqual(written.shape, shape);
    const count = shape.reduce((product, size) => product * size, 1);
    check.deepEqual(
      [...new Float32Array(written.bytes.slice().buffer)],
      [...floats].slice(0, count),
    );
    check.equal(written.isOwn, Array.isArray(value));
  });
}

for (const datatype of Object.keys(typedArrays) as NumericDatatype[]) {
  test(`its own typed array is taken as it is, part of a larger one too: ${datatype}`, () => {
    const array = new typedArrays[datatype](4).subarray(1, 3);
    const { bytes, isOwn, shape } = writtenValues(expected(datatype, [-1]), array);
    check.deepEqual(
      [bytes.buffer, bytes.byteOffset, bytes.byteLength, isOwn, shape],
      [array.buffer, array.byteOffset, array.byteLength, false, [2]],
    );
  });
}

test("a subclass will do: a Buffer is a Uint8Array", () => {
  const buffer = Buffer.from("fish");
  const { bytes, isOwn } = writtenValues(expected("UINT8", [-1]), buffer);
  check.deepEqual([Buffer.from(bytes).toString(), isOwn], ["fish", false]);
});

test("64-bit integers as numbers", () => {
  const as = { datatype: "INT64", as: "number", dims: [-1] } as const;
  const expectedBytes = new Uint8Array(BigInt64Array.of(1n, -2n).buffer);
  for (const value of [Float64Array.of(1, -2), [1, -2], [1n, -2n]]) {
    const { bytes, isOwn } = writtenValues(as, value);
    check.deepEqual([bytes, isOwn], [expectedBytes, true]);
  }
  check.equal(writtenValues(as, BigInt64Array.of(1n, -2n)).isOwn, false);
});

test("texts and bytes", () => {
  const packed = Uint8Array.of(1, 0, 0, 0, 97, 0, 0, 0, 0);
  for (const value of [
    [["a"], [""]],
    [[Uint8Array.of(97)], [new Uint8Array(0)]],
    ["a", ""],
  ]) {
    const { bytes, shape } = writtenValues(expected("BYTES", [2, 1]), value);
    check.deepEqual([bytes, shape], [packed, [2, 1]]);
  }
});

const complaints: readonly (readonly [of: ExpectedTensor, value: unknown, message: string])[] = [
  ...[undefined, 5, "text", true].map(
    (value) =>
      [
        expected("FP32", [1]),
        value,
        `must be a tensor, a typed array or nested arrays; got ${typeof value}`,
      ] as const,
  ),
  [expected("FP32", [1]), null, "must be a tensor, a typed array or nested arrays; got null"],
  [expected("FP32", [1]), Float64Array.of(1), "must be a Float32Array; got a Float64Array"],
  [expected("INT64", [1]), Float64Array.of(1), "must be a BigInt64Array; got a Float64Array"],
  [
    expected("FP32", [1]),
    new DataView(new ArrayBuffer(4)),
    "must be a Float32Array; got a DataView",
  ],
  [
    expected("BYTES", [1]),
    Uint8Array.of(1),
    "must be nested arrays of texts or bytes; got a Uint8Array",
  ],
  [expected("FP32", [2, 3]), Float32Array.of(1), "must be elements of shape [2,3]; got 1 elements"],
  [
    expected("FP32", [-1, 3]),
    Float32Array.of(1),
    "must be elements of shape [-1,3]; got 1 elements",
  ],
  [
    expected("FP32", [-1, -1]),
    floats,
    "must be a tensor or nested arrays, as [-1,-1] has 2 free dimensions; got a flat array",
  ],
  [expected("FP32", [-1, 2]), [[1], [2, 3]], "ragged arrays: 2 elements at depth 1 of shape [2,1]"],
  [expected("UINT8", [-1]), [300], "300 is not a value of UINT8"],
];

for (const [of, value, message] of complaints) {
  test(`refused: ${message}`, () => {
    check.throws(() => writtenValues(of, value), { name: "TypeError", message });
  });
}
