/** firstValue: what an input becomes, and which rows and models are refused. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { bool, bytes, fp16, fp32, int64, optional } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { firstValue } from "./first-value.ts";
import { groupByValues } from "./group-by-values.ts";

const tensors = {
  inputs: {
    x: fp32(1),
    is: bool(1),
    half: fp16(1, 1),
    wide: int64(1),
    narrow: int64(1, { as: "number" }),
    text: bytes(1),
    raw: bytes(1, { as: "bytes" }),
    pair: fp32(2),
    absent: optional(fp32(1)),
  },
  outputs: { y: fp32(1) },
} as const;

const given = {
  x: Tensor.from("FP32", [[1], [2]]),
  is: Tensor.from("BOOL", [[true], [true]]),
  half: Tensor.from("FP16", [[[0.5]], [[0.5]]]),
  wide: Tensor.from("INT64", [[7n], [7n]]),
  narrow: Tensor.from("INT64", [[8n], [8n]]),
  text: Tensor.from("BYTES", [["é"], ["é"]]),
  raw: Tensor.from("BYTES", [["r"], ["r"]]),
  pair: Tensor.from("FP32", [
    [3, 4],
    [3, 4],
  ]),
};
const requests = [{ rows: 1 }, { rows: 1 }];

test("a row of one element is that element; an input that nobody has stays away", async () => {
  let seen: unknown;
  const built = model("m", {
    ...tensors,
    infer: firstValue(["is", "half", "wide", "narrow", "text", "raw", "absent"], (first) => {
      const { is, half, wide, narrow, text, raw, absent } = first;
      seen = { is, half, wide, narrow, text, raw: [...raw], absent };
      return { y: first.x };
    }),
  });
  const { outputs } = await runBatch(built, given, requests);
  check.deepEqual(outputs, { y: [[1], [2]] });
  const texts = { text: "é", raw: [0x72], absent: undefined };
  check.deepEqual(seen, { is: true, half: 0.5, wide: 7n, narrow: 8, ...texts });
});

test("without squeezing it is the row, of any shape", async () => {
  let seen: unknown;
  const built = model("m", {
    ...tensors,
    infer: firstValue(["pair", "wide"], { squeeze: false }, async ({ x, pair, wide }) => {
      seen = [pair.shape, pair.toNested(), wide.shape, wide.toNested()];
      return await Promise.resolve({ y: x });
    }),
  });
  await runBatch(built, given, requests);
  check.deepEqual(seen, [[2], [3, 4], [1], [7n]]);
});

const different = { ...given, text: Tensor.from("BYTES", [["é"], ["e"]]) };

test("rows that differ are the callers' mistake, unless that is no matter", async () => {
  const strict = model("m", { ...tensors, infer: firstValue(["text"], ({ x }) => ({ y: x })) });
  await check.rejects(runBatch(strict, different, requests), {
    code: "INVALID_ARGUMENT",
    message:
      "model 'm': all rows of input 'text' must be equal, because one value of it is used for all",
  });
  let seen: unknown;
  const loose = model("m", {
    ...tensors,
    infer: firstValue(["text"], { strict: false }, ({ x, text }) => {
      seen = text;
      return { y: x };
    }),
  });
  await runBatch(loose, different, requests);
  check.equal(seen, "é");
});

test("within groups rows never differ", async () => {
  const built = model("m", {
    ...tensors,
    infer: groupByValues(
      ["text"],
      firstValue(["text"], ({ x, text }) => ({
        y: x.map((value) => (text === "e" ? -value : value)),
      })),
    ),
  });
  check.deepEqual((await runBatch(built, different, requests)).outputs, { y: [[1], [-2]] });
});

test("a generator streams as it would by itself", async () => {
  const built = model("m", {
    ...tensors,
    infer: firstValue(["narrow"], async function* ({ x, narrow }) {
      for (let k = 7; k < narrow; k += 1) yield await Promise.resolve({ y: x });
    }),
  });
  const { told } = await runBatch(built, given, requests);
  check.deepEqual(told, [[undefined, { y: [[1], [2]] }]]);
});

/** Called as a user without types would. */
const untyped = firstValue as unknown as (...given: unknown[]) => never;

const infer = ({ x }: { readonly x: Tensor<"FP32"> }) => ({ y: x });

for (const [what, run, message] of [
  [
    "more than one element a row",
    () => model("m", { ...tensors, infer: untyped(["pair"], infer) }),
    "model 'm': firstValue: 'pair' has dimensions [2], and one element is wanted: " +
      "say { squeeze: false } to get its first row as a tensor",
  ],
  [
    "an input that does not exist",
    () => model("m", { ...tensors, infer: untyped(["z"], infer) }),
    "model 'm': firstValue: 'z' is no input here " +
      "(there are x, is, half, wide, narrow, text, raw, pair, absent)",
  ],
  [
    "no batch",
    () => model("m", { ...tensors, batching: false, infer: untyped(["wide"], infer) }),
    "model 'm': firstValue is for models that batch, and here is no batch: leave it out",
  ],
  ["no names", () => untyped([], infer), "firstValue(): 'names' must be names of inputs; got none"],
  [
    "an option that is no flag",
    () => untyped(["wide"], { strict: 1 }, infer),
    "firstValue(): 'strict' must be true or false; got 1",
  ],
] as const) {
  test(`refused: ${what}`, () => check.throws(run, { name: "TypeError", message }));
}
