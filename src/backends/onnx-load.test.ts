/**
 * Loads of ONNX models that fail, each with what is wrong and what to do; and the threads that a
 * session gets.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import test from "node:test";
import { type OnnxOptions, onnx } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import { instanceContext, withModelFile } from "../testing/onnx-fixture.ts";
import { identityGraph, type OnnxElementType, onnxGraph } from "../testing/onnx-graphs.ts";
import { createOnnxBackend } from "./onnx.ts";
import { importOnnxRuntime, type OnnxRuntime } from "./onnx-runtime.ts";
import { defaultIntraOpThreads } from "./onnx-session.ts";

const good = identityGraph("FP32");

test("no file", async () => {
  const { code, message } = await failureAt("/no/such/model.onnx");
  check.equal(code, "NOT_FOUND");
  check.match(message, /^model 'm': there is no file .*model\.onnx$/);
});

test("a folder", async () => {
  const folder = mkdtempSync(`${tmpdir()}/shoal-onnx-`);
  const { code, message } = await failureAt(folder);
  rmSync(folder, { recursive: true });
  check.deepEqual([code, message], ["INVALID_ARGUMENT", `model 'm': ${folder} is not a file`]);
});

test("an empty file", async () => {
  const { code, message } = await failure(new Uint8Array());
  check.equal(code, "INVALID_ARGUMENT");
  check.match(message, /^model 'm': .*model\.onnx is empty$/);
});

const notModels: readonly [string, Uint8Array][] = [
  ["a text", new TextEncoder().encode("<html>not a model</html>")],
  ["half a model", good.subarray(0, good.length - 9)],
];

for (const [what, bytes] of notModels) {
  test(`not a model: ${what}`, async () => {
    const { code, message, cause } = await failure(bytes);
    check.equal(code, "INVALID_ARGUMENT");
    check.match(message, /^model 'm': .*model\.onnx is not an ONNX model$/);
    check.ok(cause instanceof Error);
  });
}

test("a graph that onnxruntime does not accept tells why", async () => {
  const value = { type: "FP32", shape: ["n"] } as const;
  const { message } = await failure(
    onnxGraph({
      inputs: [{ name: "x", ...value }],
      outputs: [{ name: "y", ...value }],
      nodes: [{ op: "NoSuchOperator", inputs: ["x"], outputs: ["y"] }],
    }),
  );
  check.match(message, /^model 'm': onnxruntime cannot load .*NoSuchOperator/);
  check.doesNotMatch(message, /onnxruntime_src/);
});

const unsupported: readonly [OnnxElementType, RegExp][] = [
  ["BF16", /has an input or output of type bfloat16, which onnxruntime-node does not support/],
  ["INT4", /input 'x' is of type int4, which the protocol does not have/],
];

for (const [type, expected] of unsupported) {
  test(`a datatype that cannot be served: ${type}`, async () => {
    // Cast, because Identity does not take every type.
    const graph = onnxGraph({
      inputs: [{ name: "x", type, shape: ["n"] }],
      outputs: [{ name: "y", type: "FP32", shape: ["n"] }],
      nodes: [
        type === "BF16"
          ? { op: "Cast", inputs: ["x"], outputs: ["y"], attributes: { to: 1 } }
          : { op: "DequantizeLinear", inputs: ["x", "scale"], outputs: ["y"] },
      ],
      constants: [{ name: "scale", shape: [], values: Float32Array.of(1) }],
    });
    const { code, message } = await failure(graph);
    check.equal(code, "INVALID_ARGUMENT");
    check.match(message, expected);
  });
}

test("an output that is no tensor", async () => {
  const { code, message } = await failure(
    onnxGraph({
      inputs: [{ name: "x", type: "FP32", shape: ["n"] }],
      outputs: [{ name: "y", type: "FP32", shape: ["n"], isSequence: true }],
      nodes: [{ op: "SequenceConstruct", inputs: ["x"], outputs: ["y"] }],
    }),
  );
  check.equal(code, "INVALID_ARGUMENT");
  check.match(message, /^model 'm': output 'y' is a sequence, a map or optional/);
});

test("batches from a graph that cannot have them", async () => {
  const { code, message } = await failure(identityGraph("FP32", [1, 3]), { maxBatchSize: 4 });
  check.equal(code, "INVALID_ARGUMENT");
  check.match(message, /^autofill failed for model 'm': model does not support batching/);
});

/** No machine has so many devices: these providers are absent on every one, with GPU or without. */
const deviceId = 9999;

const absent: readonly [OnnxOptions["executionProviders"] & {}, string][] = [
  [[{ name: "cuda", deviceId }], "cuda"],
  [[{ name: "cuda", deviceId }, "cpu"], "cuda"],
  [[{ name: "tensorrt", deviceId }], "tensorrt"],
  [[{ name: "tensorrt", deviceId }, "cuda", "cpu"], "tensorrt"],
];

for (const [executionProviders, name] of absent) {
  test(`a provider that is not there: ${JSON.stringify(executionProviders)}`, async () => {
    const { code, message } = await failure(good, { executionProviders });
    check.equal(code, "UNAVAILABLE");
    check.match(message, new RegExp(`^model 'm': execution provider '${name}' is not there: `));
    check.match(message, /CUDA 12.*npm rebuild onnxruntime-node|linux\/x64 has cuda/);
  });
}

test("an instance on a GPU asks for CUDA, not for the CPU", async () => {
  const { code, message } = await failure(good, {}, { device: `cuda:${deviceId}` });
  check.equal(code, "UNAVAILABLE");
  check.match(message, /execution provider 'cuda' is not there/);
});

test("a build without the provider: it would be dropped with a warning", async () => {
  const onlyCpu = async (): Promise<OnnxRuntime> => ({
    ...(await importOnnxRuntime()),
    listSupportedBackends: () => [{ name: "cpu", bundled: true }],
  });
  const options: Omit<OnnxOptions, "path"> = { executionProviders: ["cuda", "cpu"] };
  const { code, message } = await failure(good, options, { load: onlyCpu });
  check.equal(code, "UNAVAILABLE");
  check.match(message, /execution provider 'cuda' is not there: onnxruntime-node for .* with cpu;/);
});

test("an option of a provider that onnxruntime-node would ignore", async () => {
  const options: Omit<OnnxOptions, "path"> = {
    executionProviders: [{ name: "cpu", options: { useArena: false } }],
  };
  const { code, message } = await failure(good, options);
  check.equal(code, "INVALID_ARGUMENT");
  check.equal(
    message,
    "model 'm': onnxruntime-node does not read option 'useArena' of execution provider 'cpu'",
  );
});

test("devices that contradict each other", async () => {
  const device = "cuda:1";
  const other = await failure(
    good,
    { executionProviders: [{ name: "cuda", deviceId: 0 }] },
    { device },
  );
  check.match(other.message, /deviceId 0 of provider cuda contradicts instances.device cuda:1/);
  const none = await failure(good, { executionProviders: ["cpu"] }, { device });
  check.match(none.message, /instances.device is cuda:1, but executionProviders has none/);
});

test("the package is not installed", async () => {
  const name: string = "onnxruntime-node-that-nobody-has";
  const { code, message } = await failure(
    good,
    {},
    {
      load: () => importOnnxRuntime(() => import(name) as Promise<OnnxRuntime>),
    },
  );
  check.equal(code, "UNAVAILABLE");
  check.equal(
    message,
    "model 'm': the package onnxruntime-node is not installed: npm install onnxruntime-node",
  );
});

test("the package has no part for this platform", async () => {
  const load = (): Promise<OnnxRuntime> =>
    importOnnxRuntime(() =>
      Promise.reject(
        Object.assign(new Error("Cannot find module x.node\nRequire stack"), {
          code: "MODULE_NOT_FOUND",
        }),
      ),
    );
  const { message } = await failure(good, {}, { load });
  check.match(message, /^model 'm': onnxruntime-node cannot be loaded on .*: Cannot find .*node$/);
});

const shares: readonly [ModelOptions["instances"], number, number][] = [
  [undefined, 8, 8],
  [1, 8, 8],
  [3, 8, 2],
  [16, 8, 1],
  ["auto", 8, 1],
  ["auto", 1, 1],
  [{ count: 2 }, 8, 4],
  [{ count: "auto" }, 2, 2],
  [{ device: "cpu" }, 4, 4],
  [{ devices: ["cuda:0", "cuda:1"] }, 4, 2],
  [[{ count: 2 }, { device: "cuda:0" }], 9, 3],
];

for (const [instances, cores, threads] of shares) {
  test(`${JSON.stringify(instances)} instances on ${cores} cores: ${threads} threads each`, () => {
    const options = instances === undefined ? {} : { instances };
    check.equal(defaultIntraOpThreads(options, cores), threads);
  });
}

interface Setting {
  readonly device?: "cpu" | `cuda:${number}`;
  readonly load?: () => Promise<OnnxRuntime>;
}

function failure(
  bytes: Uint8Array,
  options: Omit<OnnxOptions, "path"> = {},
  setting: Setting = {},
): Promise<InferenceError> {
  return withModelFile(bytes, (path) => failureAt(path, options, setting));
}

async function failureAt(
  path: string,
  options: Omit<OnnxOptions, "path"> = {},
  { device, load }: Setting = {},
): Promise<InferenceError> {
  const backend = createOnnxBackend(onnx("m", { path, ...options }), load);
  try {
    await (await backend.load(instanceContext(device))).unload();
  } catch (error) {
    check.ok(error instanceof InferenceError);
    return error;
  }
  return check.fail("it loaded");
}
