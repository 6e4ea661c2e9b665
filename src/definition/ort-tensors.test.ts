/**
 * Tensors to onnxruntime and back: the same memory, in every datatype, and a real run in between.
 *
 * What becomes of that memory when a model returns it: executor/ort-memory.test.ts.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import * as ort from "onnxruntime-node";
import type { Datatype } from "../protocol/datatype.ts";
import { identityGraph } from "../testing/onnx-graphs.ts";
import { fromOrtTensor, type OrtTensor, toOrtTensor } from "./ort-tensors.ts";
import { ortTypes } from "./ort-types.ts";
import { bytes, type ElementForm, int64, type TensorSpec, uint64 } from "./specifications.ts";
import { release, returnedBytes, Tensor } from "./tensor.ts";

type AnyTensor = Tensor<Datatype, ElementForm>;

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

const kinds: readonly (readonly [Datatype | TensorSpec, values: readonly unknown[]])[] = [
  ["BOOL", [true, false]],
  ["UINT8", [0, 255]],
  ["UINT16", [0, 65_535]],
  ["UINT32", [0, 2 ** 32 - 1]],
  ["UINT64", [0n, 2n ** 64n - 1n]],
  ["INT8", [-128, 127]],
  ["INT16", [-32_768, 32_767]],
  ["INT32", [-(2 ** 31), 2 ** 31 - 1]],
  ["INT64", [-(2n ** 63n), 2n ** 53n + 1n]],
  [int64(2, { as: "number" }), [-(2 ** 53 - 1), 7]],
  [uint64(2, { as: "number" }), [2 ** 53 - 1, 7]],
  ["FP16", [1, -65_504]],
  ["FP32", [0.5, -0]],
  ["FP64", [Math.PI, 5e-324]],
  ["BYTES", ["", "魚"]],
  [bytes(2, { as: "bytes" }), [utf8("\uFEFF"), utf8("fish")]],
];

const session = async (datatype: Datatype): Promise<ort.InferenceSession> => {
  return await ort.InferenceSession.create(identityGraph(datatype), { logSeverityLevel: 4 });
};

for (const [type, values] of kinds) {
  const datatype = typeof type === "string" ? type : type.datatype;
  const what = typeof type === "string" ? type : `${datatype} as ${type.as}`;
  test(`${what}: through onnxruntime and back`, async () => {
    const x: AnyTensor = Tensor.from(type, [values] as never);
    const feed = toOrtTensor(x, ort);
    check.deepEqual([feed.type, feed.dims], [ortTypes[datatype as "FP32"], [1, 2]]);
    const isRewritten = typeof type !== "string" || type === "BYTES";
    if (!isRewritten) check.equal((feed.data as Uint8Array).buffer, x.bytes.buffer);
    const identity = await session(datatype);
    const { y: result } = await identity.run({ x: feed });
    await identity.release();
    const y: AnyTensor = fromOrtTensor(result as ort.Tensor, type);
    check.deepEqual([y.datatype, y.shape, y.as], [datatype, [1, 2], x.as]);
    check.deepEqual(y.toNested(), [values]);
    if (datatype !== "BYTES") {
      check.equal(returnedBytes(y).isOwn, true);
    }
  });
}

test("both ways are views: what one changes, the other has", () => {
  const x = Tensor.from("FP32", [1, 2, 3]);
  const toOrt = toOrtTensor(x.slice(1), ort);
  check.deepEqual(toOrt.data, Float32Array.of(2, 3));
  (toOrt.data as Float32Array)[0] = 9;
  check.equal(x.data[1], 9);
  const y = new ort.Tensor("float32", Float32Array.of(1, 2), [2, 1]);
  const fromOrt = fromOrtTensor(y, "FP32");
  fromOrt.data[1] = 5;
  check.equal(y.data[1], 5);
  check.equal(fromOrt.data.buffer, y.data.buffer);
});

/** Whose memory it is: what may be given away when the model returns it. */
const owners: readonly (readonly [what: string, isOwn: boolean, make: () => AnyTensor])[] = [
  [
    "what onnxruntime has alone",
    true,
    () => fromOrtTensor(new ort.Tensor("float32", new Float32Array(2)), "FP32"),
  ],
  [
    "what is said to be shared",
    false,
    () => {
      const kept = new ort.Tensor("float32", new Float32Array(2));
      return fromOrtTensor(kept, "FP32", { isShared: true });
    },
  ],
  [
    "what a tensor has",
    false,
    () => fromOrtTensor(toOrtTensor(Tensor.zeros("FP32", [2]), ort), "FP32"),
  ],
  [
    "a part of a buffer",
    false,
    () => fromOrtTensor(new ort.Tensor("float32", new Float32Array(4).subarray(2)), "FP32"),
  ],
  [
    "texts, which are rewritten",
    true,
    () => fromOrtTensor(new ort.Tensor("string", ["a"]), "BYTES"),
  ],
];

for (const [what, isOwn, make] of owners) {
  test(`memory of ${what} is ${isOwn ? "" : "not "}given away`, () => {
    check.equal(returnedBytes(make()).isOwn, isOwn);
  });
}

test("empty tensors and scalars", () => {
  const none = toOrtTensor(Tensor.zeros("INT64", [0, 3]), ort);
  check.deepEqual([none.dims, none.data.length], [[0, 3], 0]);
  check.deepEqual(fromOrtTensor(none, "INT64").shape, [0, 3]);
  const scalar = toOrtTensor(Tensor.from("BOOL", true), ort);
  check.deepEqual([scalar.dims, fromOrtTensor(scalar, "BOOL").toNested()], [[], true]);
  check.deepEqual(fromOrtTensor(new ort.Tensor("string", [], [0]), "BYTES").toNested(), []);
});

const gone = Tensor.zeros("FP32", [1]);
release(gone as AnyTensor);
const disposed = new ort.Tensor("float32", [1]);
disposed.dispose();

function unread(type: string, location: string): OrtTensor {
  return {
    type,
    dims: [1],
    location,
    get data(): never {
      throw new Error("nobody looks");
    },
  };
}

const refusals: Readonly<Record<string, readonly [message: string | RegExp, use: () => unknown]>> =
  {
    "BF16, which onnxruntime does not have": [
      "toOrtTensor: onnxruntime has no BF16: make an FP32 of it",
      () => toOrtTensor(Tensor.zeros("BF16", [1]), ort),
    ],
    "a tensor that is gone": [
      /^this tensor \(FP32 \[1\]\) is gone: /,
      () => toOrtTensor(gone, ort),
    ],
    "another datatype": [
      "fromOrtTensor: expected FP64; got FP32",
      () => fromOrtTensor(new ort.Tensor("float32", [1]), "FP64"),
    ],
    "BF16, which it cannot be": [
      "fromOrtTensor: expected BF16; got UINT16",
      () => fromOrtTensor(new ort.Tensor("uint16", [1]), "BF16"),
    ],
    "a type without a datatype": [
      "fromOrtTensor: expected INT8; got int4",
      () => fromOrtTensor(unread("int4", "cpu"), "INT8"),
    ],
    "a tensor that is elsewhere": [
      "fromOrtTensor: expected a tensor in memory; got one in gpu-buffer: get it into memory with await getData() first",
      () => fromOrtTensor(unread("float32", "gpu-buffer"), "FP32"),
    ],
    "a tensor that was disposed": [
      "fromOrtTensor: expected a tensor in memory; got one that is disposed",
      () => fromOrtTensor(disposed, "FP32"),
    ],
  };

for (const [what, [message, use]] of Object.entries(refusals)) {
  test(`refused: ${what}`, () => check.throws(use, { name: "TypeError", message }));
}

test("bytes that are no text are told, not damaged", () => {
  const x = Tensor.from(bytes(1, { as: "bytes" }), [Uint8Array.of(0xff)]);
  check.throws(() => toOrtTensor(x, ort), {
    code: "INVALID_ARGUMENT",
    message: "BYTES element 0 is not UTF-8, and the model reads texts",
  });
});

test("a wide integer that a number cannot hold is told", () => {
  const y = new ort.Tensor("int64", [2n ** 53n]);
  const tensor = fromOrtTensor(y, int64(1, { as: "number" }));
  check.throws(() => tensor.data, { message: /^element 0 is 9007199254740992: beyond 2\^53/ });
});
