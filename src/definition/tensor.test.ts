/** Tensors: values and bytes, parts and copies, and when they are gone. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { bytes, fp32, int64 } from "./specifications.ts";
import { giveAway, release, returnedBytes, Tensor } from "./tensor.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** What a datatype stores of some values, and what it shows of them. */
const stored: readonly [Datatype, nested: readonly unknown[], data: unknown][] = [
  ["BOOL", [true, false], Uint8Array.of(1, 0)],
  ["UINT8", [0, 255], Uint8Array.of(0, 255)],
  ["UINT16", [0, 65_535], Uint16Array.of(0, 65_535)],
  ["UINT32", [0, 2 ** 32 - 1], Uint32Array.of(0, 2 ** 32 - 1)],
  ["UINT64", [0n, 2n ** 64n - 1n], BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ["INT8", [-128, 127], Int8Array.of(-128, 127)],
  ["INT16", [-32_768, 32_767], Int16Array.of(-32_768, 32_767)],
  ["INT32", [-(2 ** 31), 2 ** 31 - 1], Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
  ["INT64", [-(2n ** 63n), 1n], BigInt64Array.of(-(2n ** 63n), 1n)],
  ["FP16", [1, -2], Uint16Array.of(0x3c00, 0xc000)],
  ["BF16", [1, -2], Uint16Array.of(0x3f80, 0xc000)],
  ["FP32", [0.5, -0], Float32Array.of(0.5, -0)],
  ["FP64", [0.1, Infinity], Float64Array.of(0.1, Infinity)],
  ["BYTES", ["a", "ä"], ["a", "ä"]],
];

for (const [datatype, nested, data] of stored) {
  test(`${datatype}: from nested arrays, to data, to bytes, and back`, () => {
    const tensor = Tensor.from(datatype, nested as never);
    check.deepEqual(tensor.shape, [2]);
    check.equal(tensor.size, 2);
    check.deepEqual(tensor.data, data);
    check.deepEqual(tensor.toNested(), nested);
    const { shape, as } = tensor;
    const again = new Tensor({ datatype, shape, as, bytes: tensor.bytes.slice() });
    check.deepEqual(again.data, data);
    check.deepEqual(again.bytes, tensor.bytes);
  });
}

test("nested arrays have a shape; a typed array takes one", () => {
  const nested = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const tensor = Tensor.from("FP32", nested);
  check.deepEqual(tensor.shape, [2, 3]);
  check.equal(tensor.rows, 2);
  check.deepEqual(tensor.toNested(), nested);
  check.deepEqual(Tensor.from("FP32", Float32Array.of(1, 2)).shape, [2]);
  const shaped = Tensor.from("FP32", Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
  check.deepEqual(shaped, tensor);
  check.deepEqual(Tensor.from(fp32(3), [1, 2, 3], [3, 1]).shape, [3, 1]);
});

test("a scalar has one element, and one row", () => {
  const tensor = Tensor.from("INT32", 7);
  check.deepEqual([tensor.shape, tensor.rows, tensor.size, tensor.toNested()], [[], 1, 1, 7]);
});

test("values are copied in, and not copied out", () => {
  const values = Float32Array.of(1, 2);
  const tensor = Tensor.from("FP32", values);
  values[0] = 9;
  check.equal(tensor.data[0], 1);
  tensor.data[0] = 5;
  check.deepEqual(new Float32Array(tensor.bytes.slice().buffer), Float32Array.of(5, 2));
});

test("a subclass is copied as what it is for everybody else", () => {
  // A Buffer's own slice() is a view.
  const buffer = Buffer.from([1, 2]);
  const tensor = Tensor.from("UINT8", buffer);
  buffer.fill(9);
  check.deepEqual(tensor.data, Uint8Array.of(1, 2));
  class Doubled extends Float32Array {
    constructor(size: number) {
      super(2 * size);
    }
  }
  const doubled = Tensor.from("FP32", new Doubled(1)).map((value) => value + 1);
  check.deepEqual(doubled.data, Float32Array.of(1, 1));
});

test("64-bit integers as numbers", () => {
  const spec = int64(2, { as: "number" });
  const tensor = Tensor.from(spec, [1, -(2 ** 53 - 1)]);
  check.deepEqual(tensor.data, Float64Array.of(1, -(2 ** 53 - 1)));
  check.deepEqual(tensor.toNested(), [1, -(2 ** 53 - 1)]);
  tensor.data[0] = 3;
  const { bytes: wire } = tensor;
  check.deepEqual(new BigInt64Array(wire.slice().buffer), BigInt64Array.of(3n, -(2n ** 53n - 1n)));
  check.deepEqual(Tensor.from(spec, Float64Array.of(1, 2)).data, Float64Array.of(1, 2));
  check.deepEqual(tensor.map((value) => value + 1).data, Float64Array.of(4, -(2 ** 53 - 2)));
});

test("a client's 64-bit integer that a number cannot hold is the client's mistake", () => {
  const wide = BigInt64Array.of(1n, 2n ** 53n);
  const parts = { datatype: "INT64", shape: [2], as: "number" } as const;
  const tensor = new Tensor({ ...parts, bytes: new Uint8Array(wide.buffer) });
  check.throws(() => tensor.data, {
    code: "INVALID_ARGUMENT",
    message: "element 1 is 9007199254740992: beyond 2^53, and the model reads numbers",
  });
});

test("BYTES as texts and as bytes", () => {
  const packed = packBytes([text("a"), text("")]);
  const parts = { datatype: "BYTES", shape: [2], bytes: packed } as const;
  check.deepEqual(new Tensor({ ...parts, as: "string" }).data, ["a", ""]);
  check.deepEqual(new Tensor({ ...parts, as: "bytes" }).data, [text("a"), text("")]);
  const made = Tensor.from(bytes(1, { as: "bytes" }), [[text("a")], [text("")]]);
  check.deepEqual([made.shape, made.bytes], [[2, 1], packed]);
});

test("BYTES that are no text are the client's mistake, and fine as bytes", () => {
  const packed = packBytes([text("a"), Uint8Array.of(0xff)]);
  const parts = { datatype: "BYTES", shape: [2], bytes: packed } as const;
  check.throws(() => new Tensor({ ...parts, as: "string" }).data, {
    code: "INVALID_ARGUMENT",
    message: "BYTES element 1 is not UTF-8, and the model reads texts",
  });
  check.deepEqual(new Tensor({ ...parts, as: "bytes" }).data[1], Uint8Array.of(0xff));
});

test("zeros of every kind", () => {
  check.deepEqual(Tensor.zeros("FP32", [2, 2]).toNested(), [
    [0, 0],
    [0, 0],
  ]);
  check.deepEqual(Tensor.zeros("BOOL", [1]).toNested(), [false]);
  check.deepEqual(Tensor.zeros("INT64", [1]).toNested(), [0n]);
  check.deepEqual(Tensor.zeros(int64(1, { as: "number" }), [1]).toNested(), [0]);
  check.deepEqual(Tensor.zeros("BYTES", [2]).toNested(), ["", ""]);
  check.deepEqual(Tensor.zeros(bytes(1, { as: "bytes" }), [1]).toNested(), [text("")]);
  check.deepEqual(Tensor.zeros("FP32", [0, 3]).toNested(), []);
});

test("map sees elements, and gives a tensor of the same kind", () => {
  const indices: number[] = [];
  const tensor = Tensor.from("FP32", [[1, 2]]).map((value, index) => {
    indices.push(index);
    return -value;
  });
  check.deepEqual([tensor.shape, tensor.toNested(), indices], [[1, 2], [[-1, -2]], [0, 1]]);
  check.deepEqual(Tensor.from("BOOL", [true]).map((value) => !value).data, Uint8Array.of(0));
  check.deepEqual(
    Tensor.from("FP16", [1])
      .map((value) => value * 2)
      .toNested(),
    [2],
  );
  check.deepEqual(
    Tensor.from("INT64", [1n])
      .map((value) => value + 1n)
      .toNested(),
    [2n],
  );
  check.deepEqual(
    Tensor.from("BYTES", ["a"])
      .map((value) => `${value}!`)
      .toNested(),
    ["a!"],
  );
});

test("what map makes must be a value of the datatype", () => {
  const tensor = Tensor.from("UINT8", [200]);
  const message = "400 is not a value of UINT8";
  check.throws(() => tensor.map((value) => 2 * value), { name: "TypeError", message });
});

test("rows and slices are views", () => {
  const tensor = Tensor.from("INT32", [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  check.deepEqual(tensor.row(1).toNested(), [3, 4]);
  check.deepEqual(tensor.slice(1).toNested(), [
    [3, 4],
    [5, 6],
  ]);
  check.deepEqual(tensor.slice(1, 1).shape, [0, 2]);
  tensor.row(1).data[0] = 9;
  check.equal(tensor.data[2], 9);
  check.deepEqual(tensor.row(2).row(1).toNested(), 6);
  check.deepEqual(tensor.row(0).bytes, tensor.bytes.subarray(0, 8));
  check.deepEqual(Tensor.from("BYTES", [["a"], ["b"]]).row(1).data, ["b"]);
});

const outside: readonly [from: number, to: number | undefined][] = [
  [-1, undefined],
  [0, 4],
  [2, 1],
  [Number.NaN, 2],
];

for (const [from, to] of outside) {
  test(`no rows ${from} to ${to ?? "the end"} of three`, () => {
    const tensor = Tensor.zeros("FP32", [3, 2]);
    check.throws(() => tensor.slice(from, to), {
      name: "RangeError",
      message: /are not within rows 0 to 3 of a tensor of shape \[3,2\]$/,
    });
  });
}

test("a scalar has no rows to take", () => {
  check.throws(() => Tensor.from("FP32", 1).row(0), { name: "RangeError" });
});

test("a clone has memory of its own", () => {
  for (const tensor of [Tensor.from("FP32", [1, 2]), Tensor.from("BYTES", ["a", "b"])]) {
    const clone = tensor.clone();
    const expected = tensor.toNested();
    check.notEqual(clone.bytes.buffer, tensor.bytes.buffer);
    release(tensor);
    check.deepEqual(clone.toNested(), expected);
    check.throws(() => tensor.clone(), /is gone/);
  }
});

test("an input is gone when infer has settled, and so is each part of it", () => {
  const tensor = Tensor.from("FP32", [[1, 2]]);
  const row = tensor.row(0);
  release(tensor);
  const message =
    "this tensor (FP32 [1,2]) is gone: it was an input, and infer has settled: keep a clone()";
  check.throws(() => tensor.data, { name: "TypeError", message });
  check.throws(() => row.data, { name: "TypeError", message: /\(FP32 \[2\]\) is gone: it was an/ });
  for (const read of [() => tensor.bytes, () => tensor.toNested(), () => tensor.map(Number)]) {
    check.throws(read, { message });
  }
  check.deepEqual([tensor.shape, tensor.size], [[1, 2], 2]);
});

test("an output is gone when it was returned, even of a part of it", () => {
  const tensor = Tensor.from("FP32", [[1], [2]]);
  const { chunks, isOwn } = returnedBytes(tensor.row(1));
  check.deepEqual([chunks, isOwn], [[new Uint8Array(Float32Array.of(2).buffer)], true]);
  check.deepEqual(returnedBytes(tensor.row(1)).chunks, chunks, "as another output");
  giveAway(tensor.row(1));
  check.throws(() => tensor.data, /is gone: it was returned from infer/);
  check.throws(() => returnedBytes(tensor), /is gone/);
});

test("memory that somebody else holds is not given away", () => {
  const parts = { datatype: "FP32", shape: [1], as: "number" } as const;
  check.equal(returnedBytes(new Tensor({ ...parts, values: Float32Array.of(1) })).isOwn, false);
  check.equal(returnedBytes(Tensor.zeros("FP32", [1])).isOwn, true);
});

test("memory that was transferred is gone, and not silently empty", () => {
  const tensor = Tensor.from("FP32", [1]);
  structuredClone(tensor.data, { transfer: [tensor.data.buffer as ArrayBuffer] });
  check.throws(() => tensor.data, /is gone: its memory was transferred$/);
  check.deepEqual(Tensor.zeros("FP32", [0]).data, new Float32Array());
});

const refusals: readonly [what: string, make: () => unknown, message: string][] = [
  [
    "another array than the datatype's",
    () => Tensor.from("FP32", new Float64Array(1) as never),
    "Tensor.from: FP32 must be a Float32Array; got a Float64Array",
  ],
  [
    "an array for texts",
    () => Tensor.from("BYTES", new Uint8Array(1) as never),
    "Tensor.from: BYTES must be nested arrays of texts or bytes; got a Uint8Array",
  ],
  [
    "integers beyond 2^53 that are to be numbers",
    () => Tensor.from(int64(1, { as: "number" }), BigInt64Array.of(2n ** 53n) as never),
    "element 0 is 9007199254740992: beyond 2^53",
  ],
  [
    "a shape of another size",
    () => Tensor.from("FP32", [1, 2, 3], [2, 2]),
    "Tensor.from: 3 elements are not of shape [2,2]",
  ],
];

for (const [what, make, message] of refusals) {
  test(`refused: ${what}`, () => check.throws(make, { name: "TypeError", message }));
}
