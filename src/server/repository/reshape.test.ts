/** `reshape`: clients see `dims`, real graphs see what they have. */
import { strict as check } from "node:assert";
import test from "node:test";
import { answerOf, shownOutputs } from "../../testing/core-answer.ts";
import { fp32Tensor } from "../../testing/onnx-fixture.ts";
import { identityGraph, type OnnxDimension } from "../../testing/onnx-graphs.ts";
import { serveRepository } from "../../testing/repository-fixture.ts";

interface Case {
  /** Of `x` and `y`, which is `x`. */
  readonly graph: readonly OnnxDimension[];
  readonly config: string;
  readonly shape: readonly number[];
  readonly answered: readonly number[];
  readonly metadata: readonly number[];
}

const tensors = (input: string, output: string): string => {
  return `input { name: "x" data_type: TYPE_FP32 ${input} } output { name: "y" data_type: TYPE_FP32 ${output} }`;
};

const cases: Readonly<Record<string, Case>> = {
  "in batches, another form on each side": {
    graph: ["rows", 6],
    config: `max_batch_size: 4 ${tensors("dims: [ 2, 3 ] reshape { shape: 6 }", "dims: [ 3, 2 ] reshape { shape: 6 }")}`,
    shape: [2, 2, 3],
    answered: [2, 3, 2],
    metadata: [-1, 2, 3],
  },
  "without batches": {
    graph: [6],
    config: tensors(
      "dims: [ 2, 3 ] reshape { shape: 6 }",
      "dims: [ 1, 6, 1 ] reshape { shape: 6 }",
    ),
    shape: [2, 3],
    answered: [1, 6, 1],
    metadata: [2, 3],
  },
  "variable dimensions one to one": {
    graph: ["rows", "n", 6, "m"],
    config: `max_batch_size: 4 ${tensors("dims: [ -1, 2, 3, -1 ] reshape { shape: [ -1, 6, -1 ] }", "dims: [ -1, 3, 2, -1 ] reshape { shape: [ -1, 6, -1 ] }")}`,
    shape: [1, 1, 2, 3, 2],
    answered: [1, 1, 3, 2, 2],
    metadata: [-1, -1, 2, 3, -1],
  },
  "a number per row": {
    graph: ["rows"],
    config: `max_batch_size: 4 ${tensors("dims: 1 reshape { shape: [] }", "dims: 1 reshape { }")}`,
    shape: [3, 1],
    answered: [3, 1],
    metadata: [-1, 1],
  },
  "a number per row, completed from the graph": {
    graph: ["rows"],
    config: "",
    shape: [3, 1],
    answered: [3, 1],
    metadata: [-1, 1],
  },
  "one dimension, without batches and as it is": {
    graph: ["n"],
    config: tensors("dims: -1", "dims: -1"),
    shape: [3],
    answered: [3],
    metadata: [-1],
  },
  "a scalar, without batches": {
    graph: [],
    config: "",
    shape: [1],
    answered: [1],
    metadata: [1],
  },
};

for (const [what, { graph, config, shape, answered, metadata }] of Object.entries(cases)) {
  test(what, async (t) => {
    const { core, failure } = await serveRepository(t, {
      "m/1/model.onnx": identityGraph("FP32", graph),
      "m/config.pbtxt": config,
    });
    check.equal(failure, undefined);
    check.deepEqual(core.modelMetadata("m", undefined).inputs[0]?.shape, metadata);
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Array.from({ length: count }, (_, index) => index);
    const response = await answerOf(core, "m", { x: fp32Tensor(shape, values) });
    check.deepEqual(shownOutputs(response), [["y", answered, values]]);
  });
}

test("requests that share a batch keep their rows", async (t) => {
  const { graph, config } = cases["in batches, another form on each side"]!;
  const { core } = await serveRepository(t, {
    "m/1/model.onnx": identityGraph("FP32", graph),
    "m/config.pbtxt": `${config} dynamic_batching { }`,
  });
  const values = [1, 2, 3].map((first) => [first, 0, 0, 0, 0, first]);
  const responses = await Promise.all(
    values.map((own) => answerOf(core, "m", { x: fp32Tensor([1, 2, 3], own) })),
  );
  check.deepEqual(
    responses.map(shownOutputs),
    values.map((own) => [["y", [1, 3, 2], own]]),
  );
  check.equal(core.statistics("m")[0]?.executionCount, 1);
});

test("what a client sends has the shape of `dims`, not the model's", async (t) => {
  const { graph, config } = cases["without batches"]!;
  const { core } = await serveRepository(t, {
    "m/1/model.onnx": identityGraph("FP32", graph),
    "m/config.pbtxt": config,
  });
  await check.rejects(answerOf(core, "m", { x: fp32Tensor([6], [1, 2, 3, 4, 5, 6]) }), {
    code: "INVALID_ARGUMENT",
    message: /unexpected shape for input 'x'/,
  });
});

const wrongs: Readonly<Record<string, readonly [string, RegExp]>> = {
  "another size": [
    `max_batch_size: 4 ${tensors("dims: 6 reshape { shape: [ 2, 2 ] }", "dims: 6")}`,
    /model input 'x' has different size for dims and reshape for m/,
  ],
  "not what the graph has": [
    `max_batch_size: 4 ${tensors("dims: 6 reshape { shape: [ 2, 3 ] }", "dims: 6")}`,
    /tensor 'x': the model expects 2 dimensions \(shape \[-1,6\]\)/,
  ],
};

for (const [what, [config, why]] of Object.entries(wrongs)) {
  test(`wrong: ${what}`, async (t) => {
    const graph = identityGraph("FP32", ["rows", 6]);
    const files = { "m/1/model.onnx": graph, "m/config.pbtxt": config };
    check.match((await serveRepository(t, files)).failure ?? "", why);
  });
}
