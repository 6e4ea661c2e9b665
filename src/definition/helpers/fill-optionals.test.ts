/** fillOptionals: what a missing input becomes, and which defaults are refused. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { bytes, fp32, int64, optional } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { fillOptionals } from "./fill-optionals.ts";
import { firstValue } from "./first-value.ts";
import { padBatch } from "./pad-batch.ts";

const tensors = {
  inputs: {
    x: fp32(1),
    scale: optional(fp32(2)),
    text: optional(bytes(-1)),
    wide: optional(int64(1, { as: "number" })),
  },
  outputs: { y: fp32(1) },
} as const;
const x = Tensor.from("FP32", [[1], [2], [3]]);
const requests = [{ rows: 2 }, { rows: 1 }];

test("missing inputs get their defaults, repeated over the rows; others stay", async () => {
  const seen: unknown[] = [];
  const built = model("m", {
    ...tensors,
    infer: fillOptionals({ scale: [1, 2], text: ["é", "b"], wide: [5] }, (given) => {
      seen.push(given.scale.toNested(), given.text.toNested(), given.wide.data);
      return { y: given.x };
    }),
  });
  const text = Tensor.from("BYTES", [["own"], ["own"], ["own"]]);
  await runBatch(built, { x, text }, requests);
  await runBatch(built, { x }, requests);
  const [scale, wide] = [new Array(3).fill([1, 2]), Float64Array.of(5, 5, 5)];
  check.deepEqual(seen, [
    ...[scale, text.toNested(), wide],
    ...[scale, new Array(3).fill(["é", "b"]), wide],
  ]);
});

test("a default is new each time: it may be changed, and returned", async () => {
  const built = model("m", {
    inputs: { x: fp32(1), scale: optional(fp32(1)) },
    outputs: { y: fp32(1) },
    infer: fillOptionals({ scale: Float32Array.of(7) }, async ({ scale }) => {
      const { data } = scale;
      data[0] = (data[0] ?? 0) + 1;
      return await Promise.resolve({ y: scale });
    }),
  });
  for (let time = 0; time < 2; time += 1) {
    check.deepEqual((await runBatch(built, { x }, requests)).outputs, { y: [[8], [7], [7]] });
  }
});

test("without batching a default is the whole input", async () => {
  const built = model("m", {
    inputs: { x: fp32(1), scale: optional(fp32(2)) },
    outputs: { y: fp32(2) },
    batching: false,
    infer: fillOptionals({ scale: Tensor.from("FP32", [3, 4]) }, ({ scale }) => ({ y: scale })),
  });
  const inputs = { x: Tensor.from("FP32", [1]) };
  for (let time = 0; time < 2; time += 1) {
    check.deepEqual((await runBatch(built, inputs, [{ rows: 1 }])).outputs, { y: [3, 4] });
  }
});

test("a generator streams as it would by itself", async () => {
  const built = model("m", {
    ...tensors,
    infer: fillOptionals({ wide: [2] }, function* (given) {
      for (const value of given.wide.data) yield { y: given.x.map((each) => each + value) };
    }),
  });
  check.equal(built.isDecoupled, true);
  const { told } = await runBatch(built, { x }, requests);
  check.deepEqual(told, new Array(3).fill([undefined, { y: [[3], [4], [5]] }]));
});

/** Called as a user without types would. */
const untyped = fillOptionals as unknown as (
  defaults: unknown,
  fn: unknown,
) => (given: unknown) => { readonly y: Tensor<"FP32"> };

test("a default may be yielded again and again", async () => {
  const built = model("m", {
    ...tensors,
    outputs: { y: fp32(2) },
    infer: fillOptionals({ scale: [1, 2] }, function* (given) {
      yield { y: given.scale };
      yield { y: given.scale };
    }),
  });
  const { told } = await runBatch(built, { x }, requests);
  check.deepEqual(told, new Array(2).fill([undefined, { y: new Array(3).fill([1, 2]) }]));
});

const infer = (given: { readonly x: Tensor<"FP32"> }) => ({ y: given.x });

const refused: readonly [defaults: object, ...messages: string[]][] = [
  [{ z: [1] }, "'z' is no input here (there are x, scale, text, wide)"],
  [{ x: [1] }, "'x' is never missing: declare it with optional(...), or leave its default out"],
  [{ scale: [1] }, "the default of 'scale' must be of shape [2]; got [1]"],
  [{ scale: [[1, 2]] }, "the default of 'scale' must be of shape [2]; got [1,2]"],
  [{ scale: ["a", "b"] }, "the default of 'scale': a string is not a value of FP32"],
  [
    { scale: new Float64Array(2) },
    "the default of 'scale' must be a Float32Array; got a Float64Array",
  ],
  [{ scale: Tensor.from("FP64", [1, 2]) }, "the default of 'scale' must be FP32; got FP64"],
  [
    { scale: 1 },
    "the default of 'scale' must be a tensor, a typed array or nested arrays; got number",
  ],
  [
    { text: [5], wide: [2 ** 60] },
    "the default of 'text': 5 is not a value of BYTES: a string or a Uint8Array is",
    "the default of 'wide': 1152921504606847000 is beyond 2^53, where numbers are not exact: " +
      "use bigint",
  ],
];

for (const [defaults, ...messages] of refused) {
  test(`refused when the model is defined: ${messages.join("; ")}`, () => {
    check.throws(() => model("m", { ...tensors, infer: untyped(defaults, infer) }), {
      name: "TypeError",
      message: messages.map((message) => `model 'm': fillOptionals: ${message}`).join("\n"),
    });
  });
}

test("mistakes of helpers around and within are told together", () => {
  const within = untyped({ z: [1] }, infer);
  check.throws(() => model("m", { ...tensors, infer: padBatch({ sizes: [99] }, within) }), {
    message:
      "model 'm': padBatch: 'sizes' must be at most maxBatchSize, which is 32; got 99\n" +
      "model 'm': fillOptionals: 'z' is no input here (there are x, scale, text, wide)",
  });
});

test("what firstValue has replaced can be filled around it only", () => {
  const within = untyped({ wide: [1] }, infer);
  check.throws(() => model("m", { ...tensors, infer: firstValue(["wide"], within) }), {
    message: "model 'm': fillOptionals: 'wide' is no input here (there are x, scale, text)",
  });
});

test("what is filled around needs no default within", () => {
  const within = untyped({ wide: [2] }, infer);
  check.throws(() => model("m", { ...tensors, infer: fillOptionals({ wide: [1] }, within) }), {
    message:
      "model 'm': fillOptionals: 'wide' is never missing: declare it with optional(...), " +
      "or leave its default out",
  });
});

test("refused: defaults that are no object", () => {
  check.throws(() => untyped([1], infer), {
    message: "fillOptionals(): 'defaults' must be an object of defaults; got [1]",
  });
});
