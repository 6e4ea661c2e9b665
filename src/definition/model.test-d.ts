/**
 * Types of `model()`: what compiles, and what must not. Nothing here runs: the compiler is the
 * test, and `@ts-expect-error` fails where there is no error.
 */

import type { Datatype } from "../protocol/datatype.ts";
import { typeOf } from "../testing/type-of.ts";
import type { HalfFloats } from "./half-floats.ts";
import { type Model, model } from "./model.ts";
import {
  bool,
  bytes,
  type ElementForm,
  fp16,
  fp32,
  int32,
  int64,
  optional,
  type TensorSpec,
  type TensorSpecs,
  uint64,
} from "./specifications.ts";
import { Tensor } from "./tensor.ts";

declare function later<T>(value: T): Promise<T>;

// What a model knows of itself.
const linear = model("linear", {
  inputs: { x: fp32(-1), scale: optional(fp32(1)) },
  outputs: { y: fp32(-1) },
  infer: ({ x, scale }, context) => {
    typeOf(x).is<Tensor<"FP32", "number">>();
    typeOf(x.data).is<Float32Array>();
    typeOf(scale).is<Tensor<"FP32", "number"> | undefined>();
    typeOf(context.state).is<undefined>();
    typeOf(context.rows).is<number>();
    return { y: x.map((value) => -value) };
  },
});

typeOf(linear.name).is<"linear">();
typeOf(linear.isDecoupled).is<false>();
typeOf(linear.inputs.x).is<TensorSpec<"FP32", "number", false>>();
typeOf(linear.inputs.scale).is<TensorSpec<"FP32", "number", true>>();
typeOf(linear.outputs.y.datatype).is<"FP32">();
const anyModel: Model = linear;
typeOf(anyModel.name).is<string>();

// Every way to return an output.
const x = { x: fp32(-1) };
const y = { y: fp32(-1) };
model("m", { inputs: x, outputs: y, infer: (inputs) => ({ y: inputs.x }) });
model("m", { inputs: x, outputs: y, infer: (inputs) => ({ y: inputs.x.data }) });
model("m", { inputs: x, outputs: y, infer: () => ({ y: [[1, 2]] }) });
model("m", { inputs: x, outputs: y, infer: () => ({ y: Tensor.from("FP32", [[1, 2]]) }) });
model("m", { inputs: x, outputs: y, infer: async (inputs) => ({ y: await later(inputs.x) }) });
model("m", { inputs: x, outputs: y, infer: () => Promise.resolve({ y: [[1]] }) });
model("m", {
  inputs: x,
  outputs: y,
  infer: () => {
    throw new Error("a model that never answers");
  },
});

// Specifications that are only known at run time.
const anySpecs: TensorSpecs = x;
model("m", {
  inputs: anySpecs,
  outputs: anySpecs,
  infer: (inputs) => {
    typeOf(inputs["x"]).is<Tensor<Datatype, ElementForm> | undefined>();
    return { ...inputs };
  },
});

// Inputs: a wrong name, and a value that may be missing.
model("m", {
  inputs: x,
  outputs: y,
  // @ts-expect-error: there is no input z
  infer: ({ z }) => ({ y: z }),
});
model("m", {
  inputs: { x: optional(fp32(-1)) },
  outputs: y,
  // @ts-expect-error: x may be undefined
  infer: ({ x: maybe }) => ({ y: maybe.data }),
});
model("m", {
  inputs: x,
  outputs: y,
  infer: (inputs) => {
    // @ts-expect-error: inputs belong to the batch
    inputs.x = Tensor.from("FP32", [[1]]);
    return { y: inputs.x };
  },
});

// Outputs: a wrong datatype, in every form.
// @ts-expect-error: a tensor of another datatype
model("m", { inputs: x, outputs: { y: int32(-1) }, infer: (inputs) => ({ y: inputs.x }) });
// @ts-expect-error: a typed array of another datatype
model("m", { inputs: x, outputs: y, infer: () => ({ y: new Float64Array(1) }) });
// @ts-expect-error: texts instead of numbers
model("m", { inputs: x, outputs: y, infer: () => ({ y: [["a"]] }) });
// @ts-expect-error: a number instead of rows
model("m", { inputs: x, outputs: y, infer: () => ({ y: 1 }) });
// @ts-expect-error: the same, from an async function
model("m", { inputs: x, outputs: y, infer: async () => ({ y: await later(new Float64Array(1)) }) });
// @ts-expect-error: numbers instead of booleans
model("m", { inputs: x, outputs: { y: bool(1) }, infer: () => ({ y: [[1]] }) });

// Outputs: one that is missing.
// @ts-expect-error: y is missing
model("m", { inputs: x, outputs: y, infer: () => ({}) });
// @ts-expect-error: y is missing
model("m", { inputs: x, outputs: y, infer: async () => await later({}) });
// @ts-expect-error: nothing is returned
model("m", { inputs: x, outputs: y, infer: () => {} });
// @ts-expect-error: one of two is missing
model("m", { inputs: x, outputs: { ...y, z: y.y }, infer: (inputs) => ({ y: inputs.x }) });

// Outputs: one too many.
// @ts-expect-error: z is not declared
model("m", { inputs: x, outputs: y, infer: (inputs) => ({ y: inputs.x, z: inputs.x }) });
model("m", {
  inputs: x,
  outputs: y,
  // @ts-expect-error: z is not declared
  infer: async (inputs) => ({ y: await later(inputs.x), z: 1 }),
});
model("m", {
  inputs: x,
  outputs: y,
  // @ts-expect-error: z is not declared in one of the branches
  infer: (inputs) => (inputs.x.rows > 1 ? { y: inputs.x } : { y: inputs.x, z: inputs.x }),
});
model("m", {
  inputs: x,
  outputs: y,
  // @ts-expect-error: z is not declared
  infer: (inputs) => {
    const answer = { y: inputs.x, z: inputs.x };
    return answer;
  },
});

// 64-bit integers: bigint, or number where the specification says so.
model("m", {
  inputs: { big: int64(1), small: uint64(2, { as: "number" }) },
  outputs: { big: uint64(1), small: int64(2, { as: "number" }) },
  infer: ({ big, small }) => {
    typeOf(big).is<Tensor<"INT64", "bigint">>();
    typeOf(big.data).is<BigInt64Array>();
    typeOf(small).is<Tensor<"UINT64", "number">>();
    typeOf(small.data).is<Float64Array>();
    return { big: [[1n], [2]], small: [[1, 2n]] };
  },
});
model("m", {
  inputs: { big: int64(1), small: int64(1, { as: "number" }) },
  outputs: { y: int64(1), z: int64(1, { as: "number" }) },
  infer: ({ big, small }) => ({ y: small, z: big }),
});
model("m", {
  inputs: { big: int64(1), small: int64(1, { as: "number" }) },
  outputs: { y: int64(1), z: int64(1, { as: "number" }) },
  infer: ({ big, small }) => ({ y: big.data, z: small.data }),
});
// @ts-expect-error: neither of the two forms
int64(1, { as: "text" });
// @ts-expect-error: 32 bits have one form
int32(1, { as: "bigint" });

// BYTES: strings, or bytes where the specification says so.
model("m", {
  inputs: { text: bytes(1), raw: bytes(-1, { as: "bytes" }) },
  outputs: { text: bytes(1), raw: bytes(1, { as: "bytes" }) },
  infer: ({ text, raw }) => {
    typeOf(text.data).is<readonly string[]>();
    typeOf(raw.data).is<readonly Uint8Array[]>();
    return { text: raw, raw: [["text"], [new Uint8Array(2)]] };
  },
});

// FP16 keeps its bits; BOOL reads as booleans.
model("m", {
  inputs: { half: fp16(-1), is: bool(1) },
  outputs: { half: fp16(-1), is: bool(1) },
  infer: ({ half, is }) => {
    typeOf(half.data).is<Uint16Array>();
    typeOf(is.data).is<Uint8Array>();
    return { half: half.map((value) => value / 2), is: is.map((value) => !value) };
  },
});

// A Float16Array, where there is one, is FP16 and nothing else.
declare const halfFloats: HalfFloats;
const half = { inputs: { half: fp16(-1) }, outputs: { half: fp16(-1) } };
model("m", { ...half, infer: () => ({ half: halfFloats }) });
typeOf(Tensor.from("FP16", halfFloats)).is<Tensor<"FP16", "number">>();
// @ts-expect-error: a typed array of another datatype
model("m", { inputs: x, outputs: y, infer: () => ({ y: halfFloats }) });
// @ts-expect-error: bits of another kind
Tensor.from("BF16", halfFloats);

// Operations keep the datatype and the form.
declare const texts: Tensor<"BYTES", "bytes">;
typeOf(Tensor.stack([texts, texts])).is<Tensor<"BYTES", "bytes">>();
typeOf(Tensor.concatenate([texts, texts], 1)).is<Tensor<"BYTES", "bytes">>();
typeOf(texts.pad([-1, 2], new Uint8Array(1)).reshape([-1])).is<Tensor<"BYTES", "bytes">>();
typeOf([...texts.eachRow()]).is<Tensor<"BYTES", "bytes">[]>();
// @ts-expect-error: it is padded with its own elements
texts.pad([2], "");

// State: what setup returns, awaited.
const stateful = { inputs: x, outputs: y };
model("m", {
  ...stateful,
  setup: () => ({ weight: 2 }),
  infer: (inputs, { state }) => {
    typeOf(state).is<{ weight: number }>();
    return { y: inputs.x.map((value) => value * state.weight) };
  },
});
model("m", {
  ...stateful,
  setup: async ({ instance, device, signal }) => {
    typeOf(device).is<"cpu" | `cuda:${number}`>();
    typeOf(signal).is<AbortSignal>();
    return await Promise.resolve(instance.index);
  },
  infer: (inputs, { state }) => {
    typeOf(state).is<number>();
    return { y: inputs.x };
  },
});

// Options: a misspelling, and values that are not theirs.
// @ts-expect-error: it is maxBatchSize
model("m", { ...stateful, maxBatch: 1, infer: (inputs) => ({ y: inputs.x }) });
// @ts-expect-error: it is an object, or false
model("m", { ...stateful, batching: true, infer: (inputs) => ({ y: inputs.x }) });
// @ts-expect-error: there is no such kind yet
model("m", { ...stateful, instances: { kind: "process" }, infer: (inputs) => ({ y: inputs.x }) });

// @ts-expect-error: infer is missing
model("m", stateful);

// A list of functions, an instance each, is typed as one: also where they return different forms.
const copies = model("m", {
  inputs: x,
  outputs: y,
  infer: [
    (inputs) => ({ y: inputs.x.map((value) => -value) }),
    async (inputs, context) => {
      typeOf(inputs.x).is<Tensor<"FP32", "number">>();
      typeOf(context.instance.index).is<number>();
      return { y: await later(inputs.x.data) };
    },
    () => ({ y: [[1]] }),
  ],
});
typeOf(copies.isDecoupled).is<false>();
model("m", {
  inputs: x,
  outputs: y,
  // @ts-expect-error: the second returns texts
  infer: [(inputs) => ({ y: inputs.x }), () => ({ y: [["a"]] })],
});
model("m", {
  inputs: x,
  outputs: y,
  // @ts-expect-error: the second returns nothing
  infer: [(inputs) => ({ y: inputs.x }), () => {}],
});
model("m", {
  inputs: x,
  outputs: y,
  // @ts-expect-error: the second returns one too many
  infer: [(inputs) => ({ y: inputs.x }), (inputs) => ({ y: inputs.x, z: inputs.x })],
});
const streams = model("m", {
  inputs: x,
  outputs: y,
  infer: [
    function* (inputs) {
      yield { y: inputs.x };
    },
    async function* (inputs) {
      yield { y: await later(inputs.x) };
    },
  ],
});
typeOf(streams.isDecoupled).is<true>();

// Instances in groups, each on its device.
model("m", {
  ...stateful,
  instances: [{ device: "cuda:0" }],
  infer: (inputs) => ({ y: inputs.x }),
});
// @ts-expect-error: it is cuda:1
model("m", { ...stateful, instances: { devices: ["gpu1"] }, infer: (inputs) => ({ y: inputs.x }) });

// A model that streams is known by its generator, or says so.
const streaming = model("m", {
  ...stateful,
  async *infer(inputs) {
    yield { y: await later(inputs.x) };
  },
});
typeOf(streaming.isDecoupled).is<true>();

model("m", {
  inputs: { ids: int64(-1, { as: "number" }), text: optional(bytes(1)) },
  outputs: { y: fp32(-1) },
  batching: { maxCost: 100 },
  cost: ({ inputs, parameters, rows }) => {
    typeOf(inputs.ids).is<Tensor<"INT64", "number">>();
    typeOf(inputs.text).is<Tensor<"BYTES", "string"> | undefined>();
    // @ts-expect-error: there is no such input
    inputs.words;
    return Number(parameters["weight"] ?? 1) * rows;
  },
  bucket: ({ inputs }) => inputs.text?.data[0] ?? 0,
  infer: () => ({ y: [[1]] }),
});
model("m", {
  ...stateful,
  // @ts-expect-error: a cost is a number
  cost: () => "much",
  // @ts-expect-error: so nothing is known of what this returns
  infer: ({ x }) => ({ y: x }),
});

const inTurns = model("m", {
  ...stateful,
  *infer(inputs) {
    yield { y: inputs.x };
  },
});
typeOf(inTurns.isDecoupled).is<true>();

const sending = model("m", {
  ...stateful,
  decoupled: true,
  infer: async (inputs, context) => {
    await context.send(0, { y: inputs.x }, { isFinal: true });
    // @ts-expect-error: it has no output z
    await context.send(0, { z: inputs.x });
    context.end(0);
  },
});
typeOf(sending.isDecoupled).is<true>();

model("m", {
  ...stateful,
  // @ts-expect-error: y is missing
  *infer() {
    yield {};
  },
});
model("m", {
  ...stateful,
  // @ts-expect-error: there is no output z
  *infer(inputs) {
    yield { y: inputs.x, z: inputs.x };
  },
});
// @ts-expect-error: only a model that says that it sends its responses may return nothing
model("m", { ...stateful, infer: () => {} });
// @ts-expect-error: the same, later
model("m", { ...stateful, infer: () => later(undefined) });

model("m", {
  ...stateful,
  warmup: { inputs: { x: "zero" }, batchSizes: [1, 8] },
  infer: (inputs) => ({ y: inputs.x }),
});
model("m", { ...stateful, warmup: [{ inputs: "random" }], infer: (inputs) => ({ y: inputs.x }) });
model("m", {
  ...stateful,
  // @ts-expect-error: it has no input z
  warmup: { inputs: { z: "zero" } },
  // @ts-expect-error: so nothing is known of what this returns
  infer: (inputs) => ({ y: inputs.x }),
});
model("m", {
  ...stateful,
  // @ts-expect-error: a sample says what its inputs are
  warmup: { count: 2 },
  // @ts-expect-error: so nothing is known of what this returns
  infer: (inputs) => ({ y: inputs.x }),
});
