/**
 * Types of the helpers, each by itself and nested: what compiles, and what must not. Nothing here
 * runs: the compiler is the test, and `@ts-expect-error` fails where there is no error.
 */
import { InferenceError } from "../../protocol/errors.ts";
import { typeOf } from "../../testing/type-of.ts";
import type { InferContext, Inputs } from "../model.ts";
import { model } from "../model.ts";
import { bool, bytes, fp32, int64, optional } from "../specifications.ts";
import type { Tensor } from "../tensor.ts";
import { eachRequest } from "./each-request.ts";
import { fillOptionals } from "./fill-optionals.ts";
import { firstValue } from "./first-value.ts";
import { groupByValues } from "./group-by-values.ts";
import type { InferFunction, Inferrer } from "./helper-types.ts";
import { padBatch } from "./pad-batch.ts";
import { padWith } from "./pad-with.ts";
import { requestList } from "./request-list.ts";
import { sample } from "./sample.ts";
import { wrapInfer } from "./wrap-infer.ts";

declare function later<T>(value: T): Promise<T>;

const tensors = {
  inputs: {
    x: fp32(-1),
    scale: optional(fp32(1)),
    text: optional(bytes(1)),
    wide: int64(1),
    raw: bytes(1, { as: "bytes" }),
    is: bool(1),
  },
  outputs: { y: fp32(-1) },
} as const;
const stateful = { ...tensors, setup: () => ({ weight: 2 }) };

// padBatch: inputs, state and outputs as without it.
const padded = model("m", {
  ...stateful,
  infer: padBatch(({ x, scale }, { state, rows }) => {
    typeOf(x).is<Tensor<"FP32">>();
    typeOf(scale).is<Tensor<"FP32"> | undefined>();
    typeOf(state).is<{ weight: number }>();
    typeOf(rows).is<number>();
    return { y: x };
  }),
});
typeOf(padded.isDecoupled).is<false>();
typeOf(padded.inputs.x.datatype).is<"FP32">();
model("m", { ...tensors, infer: padBatch({ sizes: [1, 8] }, async ({ x }) => later({ y: x })) });
// @ts-expect-error: it is sizes
model("m", { ...tensors, infer: padBatch({ size: 8 }, ({ x }) => ({ y: x })) });
// @ts-expect-error: there is no output z
model("m", { ...tensors, infer: padBatch(({ x }) => ({ y: x, z: x })) });
// @ts-expect-error: y is missing
model("m", { ...tensors, infer: padBatch(({ x }) => ({ z: x })) });
// @ts-expect-error: y is FP32
model("m", { ...tensors, infer: padBatch(async ({ wide }) => later({ y: wide })) });
// @ts-expect-error: there is no input z
model("m", { ...tensors, infer: padBatch(({ z }) => ({ y: z })) });

// eachRequest: the same, and a generator makes a model that streams.
const each = model("m", {
  ...stateful,
  infer: eachRequest({ concurrency: 4 }, async ({ x }, { state, requests }) => {
    typeOf(state.weight).is<number>();
    typeOf(requests[0]?.id).is<string | undefined>();
    return await later({ y: x });
  }),
});
typeOf(each.isDecoupled).is<false>();
const eachStreams = model("m", {
  ...tensors,
  infer: eachRequest(async function* ({ x }) {
    yield { y: await later(x) };
  }),
});
typeOf(eachStreams.isDecoupled).is<true>();
model("m", {
  ...tensors,
  decoupled: true,
  infer: eachRequest(async ({ x }, { send }) => {
    await send(0, { y: x });
  }),
});
// @ts-expect-error: there is no output z
model("m", { ...tensors, infer: eachRequest(({ x }) => ({ y: x, z: x })) });
model("m", {
  ...tensors,
  // @ts-expect-error: y is missing from a response
  infer: eachRequest(function* ({ x }) {
    yield { z: x };
  }),
});
// @ts-expect-error: nothing is returned, and it does not say that it streams
model("m", { ...tensors, infer: eachRequest(() => {}) });

// sample: tensors without the batch dimension have the same types.
const oneRow = model("m", {
  ...stateful,
  infer: sample({ pad: padWith(0) }, ({ x }, { state }) => {
    typeOf(x).is<Tensor<"FP32">>();
    return { y: [state.weight, ...x.data] };
  }),
});
typeOf(oneRow.isDecoupled).is<false>();
const rowsStream = model("m", {
  ...tensors,
  infer: sample(function* ({ x }) {
    yield { y: x.data };
  }),
});
typeOf(rowsStream.isDecoupled).is<true>();
// @ts-expect-error: y is FP32
model("m", { ...tensors, infer: sample(() => ({ y: ["text"] })) });

// requestList: a list of requests, and a list of outputs.
const list = model("m", {
  ...stateful,
  infer: requestList((requests, { state }) => {
    typeOf(state).is<{ weight: number }>();
    return requests.map(({ inputs, id, rows, parameters, isAborted }) => {
      typeOf(inputs.x).is<Tensor<"FP32">>();
      typeOf(inputs.scale).is<Tensor<"FP32"> | undefined>();
      typeOf(id).is<string>();
      typeOf(rows).is<number>();
      typeOf(isAborted()).is<boolean>();
      return { y: parameters["negate"] === true ? inputs.x.map((value) => -value) : inputs.x };
    });
  }),
});
typeOf(list.isDecoupled).is<false>();
model("m", {
  ...tensors,
  infer: requestList({ pad: (results) => results.map(({ y }) => ({ y: y ?? [[]] })) }, (requests) =>
    later(requests.map(({ inputs }) => ({ y: inputs.x }))),
  ),
});
const lists = model("m", {
  ...tensors,
  infer: requestList(async function* (requests) {
    yield await later(requests.map(({ inputs }) => ({ y: inputs.x })));
  }),
});
typeOf(lists.isDecoupled).is<true>();
// @ts-expect-error: there is no output z
model("m", { ...tensors, infer: requestList((all) => all.map(({ inputs: { x } }) => ({ z: x }))) });
model("m", {
  ...tensors,
  // @ts-expect-error: there is no output z
  infer: requestList(async (all) => later(all.map(({ inputs: { x } }) => ({ y: x, z: x })))),
});
// @ts-expect-error: one object is no list
model("m", { ...tensors, infer: requestList(([first]) => ({ y: first?.inputs.x ?? [[1]] })) });
model("m", {
  ...tensors,
  // @ts-expect-error: there is no output z
  infer: requestList(function* (all) {
    yield all.map(({ inputs: { x } }) => ({ z: x }));
  }),
});

// groupByValues: names of inputs, and everything as without it.
const grouped = model("m", {
  ...stateful,
  infer: groupByValues(["text", "wide"], { pad: padWith() }, ({ x, text }, { state }) => {
    typeOf(text).is<Tensor<"BYTES", "string"> | undefined>();
    typeOf(state.weight).is<number>();
    return { y: x };
  }),
});
typeOf(grouped.isDecoupled).is<false>();
// @ts-expect-error: there is no input z
model("m", { ...tensors, infer: groupByValues(["z"], ({ x }) => ({ y: x })) });
// @ts-expect-error: texts are always padded with empty ones
padWith("-");

// fillOptionals: what has a default is there.
model("m", {
  ...stateful,
  infer: fillOptionals({ scale: [1], text: ["none"] }, ({ x, scale, text, wide }, { state }) => {
    typeOf(x).is<Tensor<"FP32">>();
    typeOf(scale).is<Tensor<"FP32">>();
    typeOf(text).is<Tensor<"BYTES">>();
    typeOf(wide).is<Tensor<"INT64">>();
    return { y: x.map((value) => value * state.weight * (scale.data[0] ?? 0)) };
  }),
});
model("m", {
  ...tensors,
  infer: fillOptionals({ scale: Float32Array.of(1) }, ({ x, text }) => {
    typeOf(text).is<Tensor<"BYTES"> | undefined>();
    return { y: x };
  }),
});
// @ts-expect-error: there is no input z
model("m", { ...tensors, infer: fillOptionals({ z: [1] }, ({ x }) => ({ y: x })) });
// @ts-expect-error: scale is FP32
model("m", { ...tensors, infer: fillOptionals({ scale: ["one"] }, ({ x }) => ({ y: x })) });
// @ts-expect-error: a row, not an element
model("m", { ...tensors, infer: fillOptionals({ scale: 1 }, ({ x }) => ({ y: x })) });
model("m", {
  ...tensors,
  // @ts-expect-error: scale is FP32
  infer: fillOptionals({ scale: new Int32Array(1) }, ({ x }) => ({ y: x })),
});

// firstValue: an element of the form that the specification says, or a tensor.
model("m", {
  ...stateful,
  infer: firstValue(["scale", "text", "wide", "raw", "is"], (given, { state }) => {
    typeOf(given.x).is<Tensor<"FP32">>();
    typeOf(given.scale).is<number | undefined>();
    typeOf(given.text).is<string | undefined>();
    typeOf(given.wide).is<bigint>();
    typeOf(given.raw).is<Uint8Array>();
    typeOf(given.is).is<boolean>();
    return { y: given.x.map((value) => value * state.weight) };
  }),
});
model("m", {
  ...tensors,
  infer: firstValue(["x", "text"], { squeeze: false, strict: false }, ({ x, text }, { rows }) => {
    typeOf(x).is<Tensor<"FP32">>();
    typeOf(text).is<Tensor<"BYTES"> | undefined>();
    return { y: Array.from({ length: rows }, () => [...x.data]) };
  }),
});
model("m", {
  ...tensors,
  infer: firstValue(["wide"], { strict: false }, ({ wide, x }) => {
    typeOf(wide).is<bigint>();
    return { y: x };
  }),
});
// @ts-expect-error: there is no input z
model("m", { ...tensors, infer: firstValue(["z"], ({ x }) => ({ y: x })) });
// @ts-expect-error: wide is no tensor any more
model("m", { ...tensors, infer: firstValue(["wide"], ({ wide, x }) => ({ y: [wide.data, x] })) });

// Nested: inputs change from the outside in, and state, outputs and streaming are known.
const nested = model("m", {
  ...stateful,
  infer: fillOptionals(
    { scale: [1] },
    groupByValues(
      ["scale"],
      firstValue(["scale"], ({ x, scale, text }, { state, rows }) => {
        typeOf(x).is<Tensor<"FP32">>();
        typeOf(scale).is<number>();
        typeOf(text).is<Tensor<"BYTES"> | undefined>();
        typeOf(state).is<{ weight: number }>();
        typeOf(rows).is<number>();
        return { y: x.map((value) => value * scale * state.weight) };
      }),
    ),
  ),
});
typeOf(nested.isDecoupled).is<false>();
typeOf(nested.outputs.y.datatype).is<"FP32">();
const nestedStream = model("m", {
  ...stateful,
  infer: padBatch(
    groupByValues(
      ["wide"],
      firstValue(["wide"], async function* ({ x, wide }, { state }) {
        typeOf(wide).is<bigint>();
        yield { y: await later(x.map((value) => value * state.weight)) };
      }),
    ),
  ),
});
typeOf(nestedStream.isDecoupled).is<true>();
model("m", {
  ...stateful,
  infer: fillOptionals(
    { text: [""] },
    // @ts-expect-error: there is no input z, three helpers deep
    eachRequest(firstValue(["text"], ({ x, text, z }) => ({ y: text === "" ? x : z }))),
  ),
});
model("m", {
  ...stateful,
  // @ts-expect-error: there is no output z, three helpers deep
  infer: fillOptionals({ text: [""] }, eachRequest(padBatch(({ x }) => ({ y: x, z: x })))),
});
model("m", {
  ...stateful,
  infer: groupByValues(
    ["wide"],
    firstValue(
      ["text"],
      // @ts-expect-error: text is a string by then
      sample(({ text, x }) => ({ y: text?.data === undefined ? x : x })),
    ),
  ),
});

// Objects with a method.
class Scaling {
  readonly #factor = 2;

  infer({ x }: Inputs<typeof tensors.inputs>, { rows }: InferContext<unknown>) {
    typeOf(rows).is<number>();
    return { y: x.map((value) => value * this.#factor) };
  }
}
const scaled = model("m", { ...tensors, infer: new Scaling() });
typeOf(scaled.isDecoupled).is<false>();
model("m", { ...tensors, infer: padBatch(new Scaling()) });
model("m", {
  ...tensors,
  infer: fillOptionals({ scale: [1] }, groupByValues(["wide"], new Scaling())),
});
const inPlace = model("m", {
  ...stateful,
  infer: {
    *infer({ x }, { state }) {
      typeOf(x).is<Tensor<"FP32">>();
      yield { y: x.map((value) => value * state.weight) };
    },
  },
});
typeOf(inPlace.isDecoupled).is<true>();
// @ts-expect-error: there is no output z
model("m", { ...tensors, infer: { infer: ({ x }) => ({ z: x }) } });
// @ts-expect-error: the method is infer
model("m", { ...tensors, infer: { run: () => ({ y: [[1]] }) } });

// A helper of one's own nests with these.
function timed<In, State, Returned>(
  fn: InferFunction<In, State, Returned>,
): InferFunction<In, State, Returned> {
  return (inputs, context) => fn(inputs, context);
}
model("m", {
  ...stateful,
  infer: timed(
    padBatch(({ x }, { state }) => {
      typeOf(state.weight).is<number>();
      return { y: x };
    }),
  ),
});
// @ts-expect-error: there is no output z
model("m", { ...stateful, infer: timed(padBatch(({ x }) => ({ z: x }))) });

// wrapInfer: the same, and what is inside decides whether it streams.
const around = <In, State, Returned>(fn: Inferrer<In, State, Returned>) =>
  wrapInfer(fn, (infer, { name }) => (inputs, context) => {
    typeOf(name).is<string>();
    typeOf(context.state).is<State>();
    return infer(inputs, context);
  });
const wrapped = model("m", {
  ...stateful,
  infer: around(
    padBatch(({ x }, { state }) => {
      typeOf(state.weight).is<number>();
      return { y: x };
    }),
  ),
});
typeOf(wrapped.isDecoupled).is<false>();
const wrappedStream = model("m", {
  ...tensors,
  infer: around(function* ({ x }) {
    yield { y: x };
  }),
});
typeOf(wrappedStream.isDecoupled).is<true>();
// @ts-expect-error: there is no output z
model("m", { ...tensors, infer: around(({ x }) => ({ z: x })) });
// @ts-expect-error: what it returns is no function
wrapInfer(new Scaling(), () => 7);

// requestList: an error in the place of outputs.
model("m", {
  ...tensors,
  infer: requestList((list) =>
    list.map(({ inputs }) =>
      inputs.x.rows > 1 ? new InferenceError("NOT_FOUND", "") : { y: inputs.x },
    ),
  ),
});
model("m", {
  ...tensors,
  // @ts-expect-error: there is no output z
  infer: requestList((list) => list.map(({ inputs }) => ({ z: inputs.x }))),
});
