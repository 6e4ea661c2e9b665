/**
 * The ONNX backend against graphs made on the spot: what goes in comes out in every datatype,
 * numbers are right, and whatever is wrong with a file or a batch is a clear error.
 *
 * A run blocks this thread: fine in a test, and the reason why instances are threads.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type OnnxOptions, onnx } from "../definition/onnx-model.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import {
  backendCall,
  bytesOf,
  fp32Tensor,
  fp32Values,
  instanceContext,
  type UnnamedTensor,
  withModelFile,
} from "../testing/onnx-fixture.ts";
import {
  accumulatorGraph,
  addSubGraph,
  identityGraph,
  onnxGraph,
  perceptronGraph,
  perceptronWeights,
} from "../testing/onnx-graphs.ts";
import type { BackendResult, LoadedModel } from "./backend.ts";
import { createOnnxBackend } from "./onnx.ts";

test("a thread inside onnxruntime must not be terminated", () => {
  check.equal(createOnnxBackend(onnx("m", { path: "m" })).mayTerminateWhileBusy, false);
});

/** Two rows of two elements, in each datatype with the extremes that it has. */
const identities: readonly (readonly [Datatype, ArrayLike<number | bigint> & ArrayBufferView])[] = [
  ["BOOL", Uint8Array.of(0, 1, 1, 0)],
  ["UINT8", Uint8Array.of(0, 1, 254, 255)],
  ["UINT16", Uint16Array.of(0, 1, 65_534, 65_535)],
  ["UINT32", Uint32Array.of(0, 1, 2 ** 32 - 2, 2 ** 32 - 1)],
  ["UINT64", BigUint64Array.of(0n, 1n, 2n ** 53n + 1n, 2n ** 64n - 1n)],
  ["INT8", Int8Array.of(-128, -1, 0, 127)],
  ["INT16", Int16Array.of(-32_768, -1, 0, 32_767)],
  ["INT32", Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1)],
  ["INT64", BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 53n + 1n, 2n ** 63n - 1n)],
  ["FP16", Uint16Array.of(0x3c00, 0xc000, 0x7c00, 0x0001)],
  ["FP32", Float32Array.of(-0, 1.5, Number.NaN, Number.NEGATIVE_INFINITY)],
  ["FP64", Float64Array.of(Math.PI, 5e-324, Number.MAX_VALUE, -0)],
];

for (const [datatype, values] of identities) {
  test(`identity: ${datatype}`, async () => {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    await withLoaded(identityGraph(datatype as "FP32"), {}, async (model) => {
      check.deepEqual(model.description?.inputs, [{ name: "x", datatype, shape: [-1, -1] }]);
      const y = output(
        await model.run(backendCall({ x: { datatype, shape: [2, 2], bytes } })),
        "y",
      );
      check.deepEqual([y.name, y.datatype, y.shape], ["y", datatype, [2, 2]]);
      check.deepEqual(Buffer.from(bytesOf(y)), Buffer.from(bytes));
    });
  });
}

test("identity: BYTES, packed as on the wire", async () => {
  const bytes = packed("", "fish", "\uFEFF魚", "🐟".repeat(100));
  const x: UnnamedTensor = { datatype: "BYTES", shape: [2, 2], bytes };
  await withLoaded(identityGraph("BYTES"), {}, async (model) => {
    const y = output(await model.run(backendCall({ x })), "y");
    check.deepEqual(y, wireTensor({ ...x, name: "y" }, bytes));
  });
});

test("BYTES that are not UTF-8 are refused, not damaged", async () => {
  const bytes = Uint8Array.of(1, 0, 0, 0, 65, 2, 0, 0, 0, 0xff, 0xfe);
  const x: UnnamedTensor = { datatype: "BYTES", shape: [1, 2], bytes };
  await withLoaded(identityGraph("BYTES"), {}, async (model) => {
    await check.rejects(runOf(model, { x }), {
      code: "INVALID_ARGUMENT",
      message:
        "model 'm': element 1 of input 'x' is not UTF-8, and the model takes texts; send other " +
        "bytes as UINT8 or encode them",
    });
  });
});

test("an empty batch", async () => {
  await withLoaded(identityGraph("FP32"), {}, async (model) => {
    const y = output(await model.run(backendCall({ x: fp32Tensor([0, 3], []) })), "y");
    check.deepEqual([y.shape, y.byteLength], [[0, 3], 0]);
  });
});

test("inputs are read in the middle of a larger buffer", async () => {
  const values = Float32Array.of(9, 9, 1, 2, 3, 4, 9, 9);
  const bytes = new Uint8Array(values.buffer, 8, 16);
  await withLoaded(identityGraph("FP32"), {}, async (model) => {
    const x: UnnamedTensor = { datatype: "FP32", shape: [2, 2], bytes };
    check.deepEqual(fp32Values(output(await model.run(backendCall({ x })), "y")), [1, 2, 3, 4]);
  });
});

test("outputs have memory of their own, which can be transferred", async () => {
  const a = fp32Tensor([1, 16], new Array(16).fill(1));
  await withLoaded(addSubGraph(), {}, async (model) => {
    const first = await model.run(backendCall({ a, b: a }));
    const second = await model.run(backendCall({ a, b: a }));
    const buffers = [first, second].flatMap(({ outputs }) =>
      outputs.map((tensor) => bytesOf(tensor).buffer as ArrayBuffer),
    );
    check.equal(new Set([...buffers, a.bytes.buffer]).size, 5);
    structuredClone(buffers, { transfer: buffers });
    check.deepEqual(
      buffers.map((buffer) => buffer.byteLength),
      [0, 0, 0, 0],
    );
  });
});

test("only the outputs that somebody asked for come back", async () => {
  const a = fp32Tensor([2, 16], new Array(32).fill(1));
  const names = async (model: LoadedModel, ...requested: string[][]): Promise<string[]> => {
    const { outputs } = await model.run(backendCall({ a, b: a }, requested));
    return outputs.map(({ name }) => name);
  };
  await withLoaded(addSubGraph(), {}, async (model) => {
    check.deepEqual(await names(model, ["difference"], ["difference"]), ["difference"]);
    check.deepEqual(await names(model, ["difference"], ["sum"]), ["sum", "difference"]);
    check.deepEqual(await names(model, ["difference"], []), ["sum", "difference"]);
  });
});

test("state that the caller carries: exact sums", async () => {
  await withLoaded(accumulatorGraph(), {}, async (model) => {
    let state = fp32Tensor([1, 1], [0]);
    for (const value of [1, 2, 3, 4]) {
      const result = await model.run(backendCall({ x: fp32Tensor([1, 1], [value]), state }));
      state = fp32Tensor([1, 1], fp32Values(output(result, "stateOut")));
    }
    check.deepEqual(state, fp32Tensor([1, 1], [10]));
  });
});

test("a perceptron gives the numbers that JavaScript gives", async () => {
  const width = 8;
  const rows = Array.from({ length: 3 }, (_, row) =>
    Array.from({ length: width }, (_, column) => Math.sin(row * width + column)),
  );
  await withLoaded(perceptronGraph({ layers: 3, width }), {}, async (model) => {
    const result = await model.run(backendCall({ x: fp32Tensor([3, width], rows.flat()) }));
    const values = fp32Values(output(result, "y3"));
    const expected = rows.flatMap((row) => perceptron(row, 3));
    check.equal(values.length, expected.length);
    for (const [index, value] of values.entries()) {
      check.ok(Math.abs(value - expected[index]!) < 1e-6, `${index}: ${value}`);
    }
    check.ok(
      values.some((value) => value > 0.01),
      "not all cut off",
    );
  });
});

test("3 x 1024, a full batch", async () => {
  const ones = new Array(32 * 1024).fill(1);
  await withLoaded(perceptronGraph({ layers: 3, width: 1024 }), {}, async (model) => {
    const result = await model.run(backendCall({ x: fp32Tensor([32, 1024], ones) }));
    check.deepEqual(output(result, "y3").shape, [32, 1024]);
  });
});

test("a scalar is [1] outside and a scalar inside", async () => {
  await withLoaded(identityGraph("FP32", []), {}, async (model) => {
    const y = output(await model.run(backendCall({ x: fp32Tensor([1], [7]) })), "y");
    check.deepEqual([y.shape, fp32Values(y)], [[1], [7]]);
  });
});

test("one number per row is [rows,1] outside and [rows] inside", async () => {
  await withLoaded(identityGraph("FP32", ["rows"]), {}, async (model) => {
    const y = output(await model.run(backendCall({ x: fp32Tensor([3, 1], [1, 2, 3]) })), "y");
    check.deepEqual(
      [y.shape, fp32Values(y)],
      [
        [3, 1],
        [1, 2, 3],
      ],
    );
  });
  await withLoaded(identityGraph("FP32", ["rows"]), { batching: false }, async (model) => {
    const y = output(await model.run(backendCall({ x: fp32Tensor([3], [1, 2, 3]) })), "y");
    check.deepEqual([y.shape, fp32Values(y)], [[3], [1, 2, 3]]);
  });
});

test("dimensions: fixed, named, without a name", async () => {
  await withLoaded(identityGraph("INT8", [2, "n", ""]), {}, (model) => {
    check.deepEqual(model.description?.outputs, [
      { name: "y", datatype: "INT8", shape: [2, -1, -1] },
    ]);
  });
});

test("unloading twice is once, and a run after it fails cleanly", async () => {
  await withModelFile(identityGraph("FP32"), async (path) => {
    const model = await createOnnxBackend(onnx("m", { path })).load(instanceContext());
    await model.unload();
    await model.unload();
    await check.rejects(runOf(model, { x: fp32Tensor([1, 1], [1]) }), { code: "INTERNAL" });
  });
});

/** Inputs that a graph [rows, 2] -> [rows, 2] refuses when nobody checked them before. */
const badInputs: readonly [string, Record<string, UnnamedTensor>, RegExp][] = [
  ["missing", {}, /^model 'm': input 'x' is missing in 'feeds'\.$/],
  [
    "of another datatype",
    { x: { ...fp32Tensor([1, 2], [1, 2]), datatype: "INT32" } },
    /^model 'm': Unexpected input data type. Actual: \(tensor\(int32\)\)/,
  ],
  [
    "of another rank",
    { x: fp32Tensor([2], [1, 2]) },
    /^model 'm': Invalid rank for input: x Got: 1/,
  ],
  [
    "of another dimension",
    { x: fp32Tensor([1, 3], [1, 2, 3]) },
    /^model 'm': Got invalid dimensions for input: x for the following indices index: 1 Got: 3/,
  ],
];

for (const [what, inputs, message] of badInputs) {
  test(`an input is ${what}`, async () => {
    await withLoaded(identityGraph("FP32", ["rows", 2]), {}, async (model) => {
      const reason = "BACKEND";
      await check.rejects(runOf(model, inputs), { code: "INVALID_ARGUMENT", message, reason });
    });
  });
}

test("a node that fails tells which, and no path of a source", async () => {
  const graph = onnxGraph({
    inputs: [
      { name: "a", type: "FP32", shape: ["n"] },
      { name: "b", type: "FP32", shape: ["m"] },
    ],
    outputs: [{ name: "y", type: "FP32", shape: ["k"] }],
    nodes: [{ op: "Add", inputs: ["a", "b"], outputs: ["y"] }],
  });
  await withLoaded(graph, {}, async (model) => {
    const inputs = { a: fp32Tensor([2, 1], [1, 2]), b: fp32Tensor([3, 1], [1, 2, 3]) };
    await check.rejects(runOf(model, inputs), (error: Error & { code: string }) => {
      check.equal(error.code, "INTERNAL");
      check.match(error.message, /^model 'm': onnxruntime failed: Add node: .*2 by 3/);
      check.doesNotMatch(error.message, /onnxruntime_src|\.cc/);
      check.ok(error.cause instanceof Error, "the log gets the rest");
      return true;
    });
  });
});

function runOf(model: LoadedModel, inputs: Record<string, UnnamedTensor>): Promise<BackendResult> {
  return Promise.resolve(model.run(backendCall(inputs)));
}

async function withLoaded(
  graph: Uint8Array,
  options: Omit<OnnxOptions, "path">,
  use: (model: LoadedModel) => void | Promise<void>,
): Promise<void> {
  await withModelFile(graph, async (path) => {
    const model = await createOnnxBackend(onnx("m", { path, ...options })).load(instanceContext());
    try {
      await use(model);
    } finally {
      await model.unload();
    }
  });
}

function output({ outputs }: BackendResult, name: string): WireTensor {
  const tensor = outputs.find((output) => output.name === name);
  check.ok(tensor, `no output ${name}`);
  return tensor;
}

function packed(...texts: readonly string[]): Uint8Array {
  const elements = texts.map((text) => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    return Buffer.concat([length, bytes]);
  });
  return new Uint8Array(Buffer.concat(elements));
}

function perceptron(row: readonly number[], layers: number): readonly number[] {
  let values = row;
  for (let layer = 0; layer < layers; layer += 1) {
    const weights = perceptronWeights(layer, row.length);
    values = values.map((_, column) => {
      const sum = values.reduce((total, value, index) => {
        return total + value * weights[index * row.length + column]!;
      }, 0);
      return Math.max(0, sum);
    });
  }
  return values;
}
