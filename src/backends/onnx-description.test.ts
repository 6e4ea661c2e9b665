/**
 * What a graph's shapes mean for serving: a table of graphs, options, and the declarations.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ModelOptions } from "../protocol/model-options.ts";
import type { TensorDescription } from "./backend.ts";
import { describeOnnxModel } from "./onnx-description.ts";

interface Case {
  readonly what: string;
  /** Of the inputs and outputs. */
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly (readonly number[])[];
  readonly options?: ModelOptions;
  readonly maxBatchSize: number;
  readonly inputDims: readonly (readonly number[])[];
  readonly outputDims: readonly (readonly number[])[];
}

const cases: readonly Case[] = [
  {
    what: "dynamic first dimensions everywhere: batches, 32 at most",
    inputs: [[-1, 3, -1, -1]],
    outputs: [[-1, 1, -1, -1]],
    maxBatchSize: 32,
    inputDims: [[3, -1, -1]],
    outputDims: [[1, -1, -1]],
  },
  {
    what: "the definition's own maximum",
    inputs: [[-1, 4]],
    outputs: [[-1, 2]],
    options: { maxBatchSize: 8 },
    maxBatchSize: 8,
    inputDims: [[4]],
    outputDims: [[2]],
  },
  {
    what: "one number per row: declared as [1]",
    inputs: [[-1]],
    outputs: [[-1]],
    maxBatchSize: 32,
    inputDims: [[1]],
    outputDims: [[1]],
  },
  {
    what: "batching: false keeps the first dimension",
    inputs: [[-1, 4]],
    outputs: [[-1]],
    options: { batching: false },
    maxBatchSize: 0,
    inputDims: [[-1, 4]],
    outputDims: [[-1]],
  },
  {
    what: "a fixed first dimension of one input",
    inputs: [
      [-1, 576],
      [2, -1, 128],
    ],
    outputs: [[-1, 1]],
    maxBatchSize: 0,
    inputDims: [
      [-1, 576],
      [2, -1, 128],
    ],
    outputDims: [[-1, 1]],
  },
  {
    what: "a fixed first dimension of one output",
    inputs: [[-1, 3]],
    outputs: [[-1, 3], [1]],
    maxBatchSize: 0,
    inputDims: [[-1, 3]],
    outputDims: [[-1, 3], [1]],
  },
  {
    what: "a scalar: no batches, declared as [1]",
    inputs: [[-1, 3], []],
    outputs: [[]],
    maxBatchSize: 0,
    inputDims: [[-1, 3], [1]],
    outputDims: [[1]],
  },
  {
    what: "batching: false where there are none anyway",
    inputs: [[1, 3]],
    outputs: [[1, 3]],
    options: { batching: false },
    maxBatchSize: 0,
    inputDims: [[1, 3]],
    outputDims: [[1, 3]],
  },
];

for (const { what, inputs, outputs, options = {}, ...expected } of cases) {
  test(what, () => {
    const description = { inputs: inputs.map(tensor), outputs: outputs.map(tensor) };
    const serving = describeOnnxModel(description, { name: "m", options });
    check.equal(serving.maxBatchSize, expected.maxBatchSize);
    check.deepEqual(
      serving.inputs.map(({ dims }) => dims),
      expected.inputDims,
    );
    check.deepEqual(
      serving.outputs.map(({ dims }) => dims),
      expected.outputDims,
    );
    const { name, datatype, isOptional } = serving.inputs[0]!;
    check.deepEqual(
      { name, datatype, isOptional },
      { name: "t0", datatype: "FP32", isOptional: false },
    );
    check.equal(serving.options.batching === false, expected.maxBatchSize === 0);
    check.equal(serving.options.maxBatchSize ?? 0, expected.maxBatchSize);
  });
}

test("what a graph decides is remarked, what its definition says is not", () => {
  const remarkOn = (shape: readonly number[], options: ModelOptions): string => {
    const description = { inputs: [tensor(shape, 0)], outputs: [] };
    return describeOnnxModel(description, { name: "m", options }).remark;
  };
  check.equal(
    remarkOn([2, 3], {}),
    "batching is off: model 'm' takes one request at a time, the first dimension of 't0', of " +
      "shape [2,3], is not dynamic",
  );
  check.equal(
    remarkOn([-1, 3], {}),
    "batching is on: the graph of model 'm' allows it, at most 32 rows, for it has no maxBatchSize",
  );
  check.equal(remarkOn([-1, 3], { maxBatchSize: 4 }), "");
  check.equal(remarkOn([-1, 3], { batching: false }), "");
  check.equal(remarkOn([2, 3], { batching: false }), "");
});

test("other options pass through", () => {
  const description = { inputs: [tensor([-1], 0)], outputs: [] };
  const options = { instances: 2, batching: { maxQueueDelayMs: 3 } };
  const serving = describeOnnxModel(description, { name: "m", options });
  check.deepEqual(serving.options, { ...options, maxBatchSize: 32 });
});

for (const options of [{ maxBatchSize: 1 }, { batching: {} }]) {
  test(`a graph that cannot batch, and ${JSON.stringify(options)}`, () => {
    const description = { inputs: [tensor([-1, 2], 0)], outputs: [tensor([4, 2], 1)] };
    check.throws(() => describeOnnxModel(description, { name: "m", options }), {
      code: "INVALID_ARGUMENT",
      message:
        "autofill failed for model 'm': model does not support batching while non-zero " +
        "max_batch_size is specified (the first dimension of 't1', of shape [4,2], is not dynamic)",
    });
  });
}

function tensor(shape: readonly number[], index: number): TensorDescription {
  return { name: `t${index}`, datatype: "FP32", shape };
}
