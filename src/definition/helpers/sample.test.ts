/** sample: one row at a time, without the batch dimension, in and out. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { bytes, fp32, int64 } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { padBatch } from "./pad-batch.ts";
import { sample } from "./sample.ts";

const tensors = {
  inputs: { x: fp32(2), text: bytes(-1) },
  outputs: { sum: int64(1, { as: "number" }), text: bytes(-1) },
} as const;
const x = Tensor.from("FP32", [
  [1, 2],
  [3, 4],
  [5, 6],
]);
const text = Tensor.from("BYTES", [["a"], ["b"], ["c"]]);
const requests = [{ rows: 2 }, { rows: 1 }];
const sums = { sum: [[3], [7], [11]], text: [["a"], ["b"], ["c"]] };

function sumOf(row: Tensor<"FP32">): number {
  return row.data.reduce((sum, value) => sum + value, 0);
}

test("a row has no batch dimension, and its context is of one row", async () => {
  const seen: unknown[] = [];
  const built = model("m", {
    ...tensors,
    infer: sample((given, { rows, requests: own }) => {
      seen.push([given.x.shape, given.text.shape, rows, own.map(({ id, rows: of }) => [id, of])]);
      return { sum: [sumOf(given.x)], text: given.text };
    }),
  });
  check.deepEqual((await runBatch(built, { x, text }, requests)).outputs, sums);
  const about = (id: string) => [[2], [1], 1, [[id, 1]]];
  check.deepEqual(seen, [about("0"), about("0"), about("1")]);
});

test("async: one after another, or several at a time", async () => {
  for (const options of [{}, { concurrency: 2 }]) {
    const built = model("m", {
      ...tensors,
      infer: sample(options, async (given) => {
        await Promise.resolve();
        return { sum: Tensor.from(int64(1, { as: "number" }), [sumOf(given.x)]), text: given.text };
      }),
    });
    check.deepEqual((await runBatch(built, { x, text }, requests)).outputs, sums);
  }
});

test("without batching the function is called as it is", async () => {
  const built = model("m", {
    ...tensors,
    batching: false,
    infer: sample((given) => ({ sum: [sumOf(given.x)], text: given.text })),
  });
  const inputs = { x: Tensor.from("FP32", [1, 2]), text: Tensor.from("BYTES", ["a"]) };
  check.deepEqual((await runBatch(built, inputs, [{ rows: 1 }])).outputs, {
    sum: [3],
    text: ["a"],
  });
});

test("streams of the rows of a request are its responses, in step", async () => {
  const built = model("m", {
    ...tensors,
    infer: sample(async function* (given, { requests: [request] }) {
      const count = request?.id === "1" ? 1 : 2;
      for (let k = 0; k < count; k += 1) {
        yield await Promise.resolve({ sum: [k], text: given.text });
      }
    }),
  });
  const { told } = await runBatch(built, { x, text }, requests);
  const of = (index: number) => told.filter(([request]) => request === index).map(([, y]) => y);
  const pair = [["a"], ["b"]];
  check.deepEqual(of(0), [{ sum: [[0], [0]], text: pair }, { sum: [[1], [1]], text: pair }, "end"]);
  check.deepEqual(of(1), [{ sum: [[0]], text: [["c"]] }, "end"]);
});

test("rows of one request that get different numbers of responses fail it", async () => {
  const built = model("m", {
    ...tensors,
    infer: sample(function* (given) {
      for (let k = 0; k < sumOf(given.x) / 3; k += 1) yield { sum: [k], text: given.text };
    }),
  });
  const { told } = await runBatch(built, { x, text }, requests);
  const errors = told.flatMap(([request, what]) =>
    what instanceof Error ? [[request, what.message]] : [],
  );
  const why =
    "model 'm': sample: the rows of a request must get equally many responses: " +
    "some have ended, others have not";
  check.deepEqual(errors, [[0, why]]);
});

test("what rows send is a response when all rows of the request have sent", async () => {
  const built = model("m", {
    ...tensors,
    decoupled: true,
    infer: sample(async (given, { send, end }) => {
      const response = { sum: [sumOf(given.x)], text: given.text };
      await send(0, response);
      await send(0, response, { isFinal: sumOf(given.x) === 3 });
      end(0);
    }),
  });
  const { told } = await runBatch(built, { x, text }, requests);
  const of = (index: number) => told.filter(([request]) => request === index).map(([, y]) => y);
  const [first, second] = [
    { sum: [[3], [7]], text: [["a"], ["b"]] },
    { sum: [[11]], text: [["c"]] },
  ];
  check.deepEqual(of(0), [first, first, "end"]);
  check.deepEqual(of(1), [second, second, "end"]);
});

test("wrong outputs: shapes are those of a row", async () => {
  const built = model("m", {
    ...tensors,
    infer: sample((given) => ({ sum: [[1]], text: given.text })),
  });
  await check.rejects(runBatch(built, { x, text }, [{ rows: 3 }]), {
    message: "model 'm': sample: output 'sum' must be of shape [1]; got [1,1]",
  });
});

test("refused within: what needs a batch", () => {
  const infer = padBatch((given: { text: Tensor<"BYTES"> }) => ({ sum: [1], text: given.text }));
  check.throws(() => model("m", { ...tensors, infer: sample(infer) }), {
    message: /^model 'm': padBatch fills batches up, and 'batching' is false/,
  });
});
