/** wrapInfer: `model()` looks through a helper of the user's own. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { fp32 } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { groupByValues } from "./group-by-values.ts";
import type { Inferrer } from "./helper-types.ts";
import { padBatch } from "./pad-batch.ts";
import { wrapInfer } from "./wrap-infer.ts";

const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(1) } } as const;
const x = Tensor.from("FP32", [[1], [2], [3]]);
const requests = [{ rows: 2 }, { rows: 1 }];

function noted<In, State, Returned>(notes: unknown[], fn: Inferrer<In, State, Returned>) {
  return wrapInfer(fn, (infer, { name, inputs }) => {
    notes.push([name, Object.keys(inputs)]);
    return (given, context) => {
      notes.push(context.rows);
      return infer(given, context);
    };
  });
}

test("it is made once, and called for each batch; helpers inside and outside", async () => {
  const notes: unknown[] = [];
  const built = model("m", {
    ...tensors,
    infer: padBatch(
      { sizes: [4] },
      noted(
        notes,
        padBatch({ sizes: [8] }, ({ x: given }, { rows }) => {
          notes.push(rows);
          return { y: given.map((value) => -value) };
        }),
      ),
    ),
  });
  for (let count = 0; count < 2; count += 1) {
    check.deepEqual((await runBatch(built, { x }, requests)).outputs, { y: [[-1], [-2], [-3]] });
  }
  check.deepEqual(notes, [["m", ["x"]], 4, 8, 4, 8]);
});

test("what is inside is checked by model()", () => {
  check.throws(
    () => model("m", { ...tensors, infer: noted([], groupByValues(["z" as never], echo)) }),
    { name: "TypeError", message: /^model 'm': groupByValues: .*'z'/ },
  );
});

test("a generator inside makes a model that streams", async () => {
  const built = model("m", {
    ...tensors,
    infer: noted([], function* ({ x: given }) {
      yield { y: given };
    }),
  });
  check.equal(built.isDecoupled, true);
  const { told } = await runBatch(built, { x }, requests);
  check.deepEqual(told, [[undefined, { y: [[1], [2], [3]] }]]);
});

test("refused: no function, and what makes none", () => {
  check.throws(() => wrapInfer(7 as never, (infer) => infer), {
    name: "TypeError",
    message: "wrapInfer(): 'fn' must be a function, or an object with a method 'infer'; got 7",
  });
  check.throws(() => wrapInfer(echo, undefined as never), {
    message: "wrapInfer(): 'wrap' must be a function; got undefined",
  });
  check.throws(() => model("m", { ...tensors, infer: wrapInfer(echo, () => 7 as never) }), {
    name: "TypeError",
    message: "model 'm': wrapInfer: 'wrap' must be a function that returns a function; got 7",
  });
});

function echo({ x: given }: { readonly x: Tensor<"FP32"> }) {
  return { y: given };
}
