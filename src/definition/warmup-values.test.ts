/** Warm-up samples that are refused where a model is defined, each with the remedy. */
import { strict as check } from "node:assert";
import test from "node:test";
import { model } from "./model.ts";
import { onnx } from "./onnx-model.ts";
import { fp32, int64, optional } from "./specifications.ts";

function define(warmup: unknown, options: object = {}): unknown {
  return model("m", {
    inputs: { x: fp32(-1, 2), n: int64(1), extra: optional(fp32(1)) },
    outputs: { y: fp32(1) },
    infer: ({ n }) => ({ y: new Float32Array(n.rows) }),
    maxBatchSize: 8,
    ...options,
    ...({ warmup } as object),
  });
}

const x = { zero: true, dims: [3, 2] } as const;

const accepted: readonly unknown[] = [
  { inputs: { x, n: "zero" } },
  [{ inputs: { x, n: "random" } }, { name: "two", inputs: { x, n: { values: [2] } } }],
  { inputs: { x: { values: [[1, 2]] }, n: { values: [3n] }, extra: { values: [4] } } },
  { inputs: { x: { file: "x.json" }, n: { file: new URL("file:///n.bin") } }, batchSizes: [1, 8] },
  { inputs: { x: { random: 5, dims: [0, 2] }, n: { random: true } }, count: 3, batchSizes: 8 },
  { inputs: { x, n: "zero" }, parameters: { text: "a", flag: true, number: 1.5 } },
];

for (const warmup of accepted) {
  test(`accepted: ${String(Object.entries(warmup as object))}`, () => {
    check.doesNotThrow(() => define(warmup));
  });
}

const dims = "'warmup.inputs' must give input 'x' its dims: [-1,2] has free dimensions";

const refused: readonly (readonly [warmup: unknown, message: string, options?: object])[] = [
  [1, `'warmup' must be a sample, such as { inputs: "zero" }, or a list of them; got 1`],
  [[{}], `'warmup[0].inputs' must be "zero", "random" or an object of inputs; got undefined`],
  [{ inputs: "zero", size: 3 }, "unknown option 'warmup.size' (there are name, inputs, "],
  [{ inputs: "zero" }, `${dims}; say how large they are, such as { zero: true, dims: [16,2] }`],
  [{ inputs: { x } }, "'warmup.inputs.n' must be given: the model needs this input"],
  [
    { inputs: { x, n: "zero", extr: "zero" } },
    "'warmup.inputs.extr' names an input that the model does not have (did you mean 'extra'?)",
  ],
  [
    { inputs: { x: { zero: true, dims: [3, 4] }, n: "zero" } },
    "'warmup.inputs.x.dims' must be of shape [-1,2], without the dimension of the batch; got [3, 4]",
  ],
  [
    { inputs: { x: { zero: true, random: 1, dims: [1, 2] }, n: "zero" } },
    `'warmup.inputs.x' must be "zero", "random" or an object with one of zero, random, file, `,
  ],
  [{ inputs: { x: {}, n: "zero" } }, `'warmup.inputs.x' must be "zero", "random" or an object`],
  [
    { inputs: { x: { random: -1 }, n: "zero" } },
    "'warmup.inputs.x.random' must be a seed (an integer from 0), or true; got -1",
  ],
  [
    { inputs: { x: { file: new URL("http://h/x") }, n: "zero" } },
    "'warmup.inputs.x.file' must be the path of a file, or its file URL",
  ],
  [
    { inputs: { x: { values: [[1, 2, 3]] }, n: "zero" } },
    "'warmup.inputs.x.values' must be one row, of shape [-1,2]; got [1,3]",
  ],
  [
    { inputs: { x, n: { values: [1.5] } } },
    "'warmup.inputs.n.values' cannot be used: 1.5 is not a value of INT64",
  ],
  [
    { inputs: { x, n: { values: new Float32Array(1) } } },
    "'warmup.inputs.n.values' must be a BigInt64Array; got a Float32Array",
  ],
  [
    { inputs: { x, n: "zero" }, batchSizes: [1, 9] },
    "'warmup.batchSizes' must be at most maxBatchSize, 8; got [1, 9]",
  ],
  [
    { inputs: { x, n: "zero" }, batchSizes: [] },
    "'warmup.batchSizes' must be an integer from 1, or a list of them; got []",
  ],
  [
    { inputs: { x, n: "zero" }, batchSizes: 1 },
    "'warmup.batchSizes' must be left out: the model takes one request at a time; got 1",
    { batching: false, maxBatchSize: undefined },
  ],
  [{ inputs: { x, n: "zero" }, count: 0 }, "'warmup.count' must be an integer from 1; got 0"],
  [
    { inputs: { x, n: "zero" }, parameters: { list: [] } },
    "'warmup.parameters.list' must be a text, a number or a boolean; got []",
  ],
];

for (const [warmup, message, options] of refused) {
  test(`refused: ${message}`, () => {
    check.throws(
      () => define(warmup, options),
      (error) => {
        check.ok(error instanceof TypeError);
        check.ok(error.message.startsWith(`model 'm': ${message}`), error.message);
        return true;
      },
    );
  });
}

test("of an ONNX model, what its graph need not be known for", () => {
  check.throws(() => onnx("m", { path: "m.onnx", warmup: { inputs: "ones" as "zero" } }), {
    message: `model 'm': 'warmup.inputs' must be "zero", "random" or an object of inputs; got "ones"`,
  });
});
