/** From written to served: what each step gives, refuses and remarks; and which versions. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import type { Graph } from "./complete-from-graph.ts";
import { loadedConfig, type PreparedConfig, polledConfig, pollFailure } from "./prepare-config.ts";
import { chooseVersions, noVersion } from "./version-policy.ts";

const graph: Graph = {
  inputs: [{ name: "X", datatype: "FP32", shape: [-1, 4] }],
  outputs: [{ name: "Y", datatype: "FP32", shape: [-1, 2] }],
};

function poll(written: WrittenConfig, completes = true): WrittenConfig {
  return polledConfig(written, { name: "m", files: ["model.onnx"], completes });
}

const file = {
  name: "m",
  graph,
  completes: true,
  defaultMaxBatchSize: 4,
  defaultInstanceCount: 1,
  machine: { gpus: undefined, backends: ["onnxruntime"] },
};

function prepare(written: WrittenConfig, completes = true): PreparedConfig {
  return loadedConfig(poll(written, completes), { ...file, completes });
}

test("a folder with nothing but a graph", () => {
  const { config, remarks, warnings } = prepare({});
  check.deepEqual(
    [config.backend, config.max_batch_size, config.input.length],
    ["onnxruntime", 4, 1],
  );
  check.deepEqual([remarks.length, warnings], [2, []]);
});

test("an override that only gives a size", () => {
  const { config } = prepare({ max_batch_size: 16 });
  check.deepEqual(config.dynamic_batching, { preferred_batch_size: [16] });
});

test("without completing, all must be written", () => {
  check.throws(() => prepare({}, false), { code: "INTERNAL" });
  check.throws(() => prepare({ backend: "onnxruntime" }, false), {
    code: "INVALID_ARGUMENT",
    message: "unable to load model 'm', configuration expects 0 inputs, model provides 1",
  });
});

test("mistakes that a poll finds, with what is not supported", () => {
  check.throws(() => poll({ name: "n", max_batch_size: -1, sequence_batching: {} }), {
    code: "INTERNAL",
    message:
      "failed to load 'm', failed to poll from model repository: unexpected directory name 'm' " +
      "for model 'n', directory name must equal model name\n" +
      "'max_batch_size' must be non-negative value for m\n" +
      "'sequence_batching' is not supported by this server for m",
  });
});

test("what cannot be read is told the same way", () => {
  const { code, message } = pollFailure("m", "failed to read text proto from f: line 1");
  const sentence = "failed to load 'm', failed to poll from model repository";
  check.equal(code, "INTERNAL");
  check.equal(message, `${sentence}: failed to read text proto from f: line 1`);
});

test("mistakes that a load finds: its own, or against the graph", () => {
  check.throws(() => prepare({ input: [{ name: "X" }], instance_group: [{ kind: "KIND_GPU" }] }), {
    code: "INVALID_ARGUMENT",
    message:
      "model input 'X' must specify 'data_type' for m\nmodel input 'X' must specify 'dims' for m\n" +
      "instance group m_0 of model m has kind KIND_GPU but server does not support GPUs",
  });
  check.throws(() => prepare({ input: [{ name: "X", data_type: "TYPE_INT8", dims: [4] }] }), {
    code: "INVALID_ARGUMENT",
    message:
      "unable to load model 'm', configuration expects datatype TYPE_INT8 for input 'X', model " +
      "provides TYPE_FP32",
  });
});

test("what is of no effect is told once, and that nothing is batched", () => {
  const { warnings } = prepare({
    max_batch_size: 8,
    input: [{ name: "X", data_type: "TYPE_FP32", dims: [4] }],
    output: [{ name: "Y", data_type: "TYPE_FP32", dims: [2] }],
    optimization: { cuda: { graphs: true } },
    runtime: "r",
  });
  check.deepEqual(warnings, [
    "model 'm': of no effect in this server: runtime, optimization.cuda",
    "batching is off: model 'm' allows 8 rows per request but has no dynamic_batching",
  ]);
});

test("nobody misses batches of one row, or those of an ensemble", () => {
  const tensors = {
    input: [{ name: "X", data_type: "TYPE_FP32", dims: [4] }],
    output: [{ name: "Y", data_type: "TYPE_FP32", dims: [2] }],
  } as const;
  check.deepEqual(prepare({ ...tensors, max_batch_size: 1 }).warnings, []);
  const step = {
    model_name: "a",
    model_version: -1,
    input_map: { x: "X" },
    output_map: { y: "Y" },
  };
  const ensemble = { platform: "ensemble", ensemble_scheduling: { step: [step] } };
  const written = { ...tensors, ...ensemble, max_batch_size: 8 };
  check.deepEqual(loadedConfig(poll(written), { ...file, graph: undefined }).warnings, []);
});

test("versions by policy", () => {
  const available = [10, 9, 1];
  const latest = { versions: [10], missing: [] };
  check.deepEqual(chooseVersions({}, available), latest);
  check.deepEqual(chooseVersions({ latest: {} }, available), latest);
  check.deepEqual(chooseVersions({ latest: { num_versions: 2 } }, available).versions, [9, 10]);
  check.deepEqual(chooseVersions({ latest: { num_versions: 5 } }, available).versions, [1, 9, 10]);
  check.deepEqual(chooseVersions({ all: {} }, available), { versions: [1, 9, 10], missing: [] });
  check.deepEqual(chooseVersions({ specific: { versions: [9, 2, 9] } }, available), {
    versions: [9],
    missing: [2],
  });
  check.deepEqual(chooseVersions({ latest: {} }, []), { versions: [], missing: [] });
  check.match(noVersion("m"), /^at least one version .* of model 'm'$/);
});
