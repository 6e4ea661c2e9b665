/**
 * Each field of the schema of configurations, in a file that is served: what is supported shows,
 * what is of no effect is named in the log, what is refused keeps the model from loading.
 *
 * A field of the schema that nobody has decided on fails here, for the tables below lack it.
 */
import { strict as check } from "node:assert";
import { type TestContext, test } from "node:test";
import type { ModelConfig } from "../../dist/core/model-config.js";
import { type ConfigField, configSchema } from "../../dist/protocol/written-config.js";
import { answerOf, shownOutputs } from "../../dist/testing/core-answer.js";
import { fp32Tensor } from "../../dist/testing/onnx-fixture.js";
import { addSubGraph, identityGraph } from "../../dist/testing/onnx-graphs.js";
import {
  type Files,
  type ServedRepository,
  serveRepository,
} from "../../dist/testing/repository-fixture.js";
import { type FieldStatus, fieldStatuses } from "../documents/config-fields.ts";

/** Refused by its name, with all that is in it. */
const refused = [
  "sequence_batching",
  "batch_input",
  "batch_output",
  "input.allow_ragged_batch",
  "input.is_shape_tensor",
  "input.is_non_linear_format_io",
  "output.is_shape_tensor",
  "output.is_non_linear_format_io",
  "ensemble_scheduling.step.model_namespace",
  "model_operations",
  "model_repository_agents",
];

/** Of no effect, with all that is in it. */
const ineffective = [
  "runtime",
  "optimization.priority",
  "optimization.cuda",
  "optimization.execution_accelerators",
  "optimization.input_pinned_memory.enable",
  "optimization.output_pinned_memory.enable",
  "optimization.gather_kernel_buffer_threshold",
  "optimization.eager_batching",
  "instance_group.rate_limiter",
  "instance_group.secondary_devices",
  "instance_group.profile",
  "instance_group.host_policy",
  "cc_model_filenames",
  "model_metrics",
];

interface Shown {
  readonly config: string;
  readonly files?: Files;
  /** What the model became, unlike what it becomes without this configuration. */
  readonly of: (model: ModelConfig) => unknown;
  readonly is: unknown;
}

interface Failing {
  readonly config: string;
  readonly fails: RegExp;
}

interface Served {
  readonly files: Files;
  readonly answers: readonly [model: string, y: readonly number[]];
}

type Proof = Shown | Failing | Served;

const graph = identityGraph("FP32");
const four = [1, 2, 3, 4];
const tensors = (input: string, output = "dims: 4"): string =>
  `input { name: "x" data_type: TYPE_FP32 ${input} }
   output { name: "y" data_type: TYPE_FP32 ${output} }`;

const versions: Files = {
  "m/1/model.onnx": graph,
  "m/2/model.onnx": graph,
  "m/3/model.onnx": graph,
};

const batching = (fields: string, name: string, is: unknown): Shown => ({
  config: `max_batch_size: 8 dynamic_batching { ${fields} }`,
  of: ({ dynamicBatching }) => Reflect.get(dynamicBatching ?? {}, name),
  is,
});

const policy = (fields: string, name: string, is: unknown): Shown => ({
  config: `max_batch_size: 8 dynamic_batching { default_queue_policy { ${fields} } }`,
  of: ({ dynamicBatching }) => Reflect.get(dynamicBatching?.defaultQueuePolicy ?? {}, name),
  is,
});

const levelPolicy = (fields: string, name: string, is: unknown): Shown => ({
  config: `max_batch_size: 8 dynamic_batching { priority_levels: 2 default_priority_level: 1
    priority_queue_policy { key: 2 value { ${fields} } } }`,
  of: ({ dynamicBatching }) =>
    Reflect.get(dynamicBatching?.priorityQueuePolicies.get(2) ?? {}, name),
  is,
});

const group = (fields: string, of: Shown["of"], is: unknown): Shown => ({
  config: `instance_group [ { }, { name: "b" ${fields} } ]`,
  of,
  is,
});

/** Of the one input of the one sample. */
const warmup = (fields: string, of: Shown["of"], is: unknown, input = "zero_data: true"): Shown => {
  const value = `{ data_type: TYPE_FP32 dims: 4 ${input} }`;
  return {
    config: `model_warmup { ${fields} inputs { key: "x" value: ${value} } }`,
    files: { "m/warmup/ones": new Uint8Array(Float32Array.of(1, 1, 1, 1).buffer) },
    of,
    is,
  };
};

const source = (model: ModelConfig): string => {
  const [input] = model.warmup[0]?.inputs ?? [];
  return Object.keys(input?.source ?? {}).join();
};

/** Twice what it gets, of a step's first version; the second is its own identity. */
const ensemble: Served = {
  files: {
    "add/1/model.onnx": addSubGraph(["rows", 4]),
    "add/2/model.onnx": identityGraph("FP32", ["rows", 4]),
    "add/config.pbtxt": "version_policy { specific { versions: 1 } }",
    "m/1/none": "",
    "m/config.pbtxt": `platform: "ensemble" max_batch_size: 4 ${tensors("dims: 4")}
      ensemble_scheduling { step { model_name: "add" model_version: 1
        input_map { key: "a" value: "x" } input_map { key: "b" value: "x" }
        output_map { key: "sum" value: "y" } } }`,
  },
  answers: ["m", [2, 4, 6, 8]],
};

const supported: Readonly<Record<string, Proof>> = {
  name: { config: 'name: "other"', fails: /directory name must equal model name/ },
  platform: { config: 'platform: "tensorrt_plan"', fails: /tensorrt/ },
  backend: {
    config: `backend: "identity" ${tensors("dims: 4")}`,
    of: (model) => model.backend,
    is: "identity",
  },
  "version_policy.latest.num_versions": {
    config: "version_policy { latest { num_versions: 2 } }",
    files: versions,
    of: served,
    is: [2, 3],
  },
  "version_policy.all": {
    config: "version_policy { all { } }",
    files: versions,
    of: served,
    is: [1, 2, 3],
  },
  "version_policy.specific.versions": {
    config: "version_policy { specific { versions: [ 1, 3 ] } }",
    files: versions,
    of: served,
    is: [1, 3],
  },
  max_batch_size: { config: "max_batch_size: 7", of: (model) => model.maxBatchSize, is: 7 },
  "input.name": {
    config: tensors("dims: 4").replace('"x"', '"z"'),
    fails: /'z'/,
  },
  "input.data_type": {
    config: tensors("dims: 4").replace("TYPE_FP32", "TYPE_INT8"),
    fails: /expects datatype TYPE_INT8 for input 'x', model provides TYPE_FP32/,
  },
  "input.format": {
    config: tensors("dims: 4 format: FORMAT_NCHW"),
    fails: /model input NHWC\/NCHW require 3 dims/,
  },
  "input.dims": {
    config: `max_batch_size: 4 ${tensors("dims: 4")}`,
    of: ({ inputs }) => inputs[0]?.dims,
    is: [4],
  },
  "input.reshape.shape": {
    config: `max_batch_size: 4 ${tensors("dims: [ 2, 2 ] reshape { shape: 4 }")}`,
    of: ({ inputs }) => [inputs[0]?.dims, inputs[0]?.reshape],
    is: [[2, 2], [4]],
  },
  "input.optional": {
    config: tensors("dims: [ -1, -1 ] optional: true", "dims: [ -1, -1 ]"),
    of: ({ inputs }) => inputs[0]?.isOptional,
    is: true,
  },
  "output.name": {
    config: tensors("dims: 4").replace('"y"', '"z"'),
    fails: /'z'/,
  },
  "output.data_type": {
    config: tensors("dims: 4").replace(/(.*)TYPE_FP32/s, "$1TYPE_INT8"),
    fails: /expects datatype TYPE_INT8 for output 'y', model provides TYPE_FP32/,
  },
  "output.dims": {
    config: `max_batch_size: 4 ${tensors("dims: 4")}`,
    of: ({ outputs }) => outputs[0]?.dims,
    is: [4],
  },
  "output.label_filename": {
    config: `max_batch_size: 4 ${tensors("dims: 4", 'dims: 4 label_filename: "labels.txt"')}`,
    files: { "m/labels.txt": "cod\neel" },
    of: ({ outputs }) => outputs[0]?.labels,
    is: ["cod", "eel"],
  },
  "output.reshape.shape": {
    config: `max_batch_size: 4 ${tensors("dims: 4", "dims: [ 2, 2 ] reshape { shape: 4 }")}`,
    of: ({ outputs }) => [outputs[0]?.dims, outputs[0]?.reshape],
    is: [[2, 2], [4]],
  },
  "optimization.graph.level": {
    config: "optimization { graph { level: 9 } }",
    fails: /'optimization\.graph\.level' must be/,
  },
  "dynamic_batching.preferred_batch_size": batching(
    "preferred_batch_size: [ 4, 2 ]",
    "preferredBatchSizes",
    [2, 4],
  ),
  "dynamic_batching.max_queue_delay_microseconds": batching(
    "max_queue_delay_microseconds: 1500",
    "maxQueueDelayMs",
    1.5,
  ),
  "dynamic_batching.preserve_ordering": batching(
    "preserve_ordering: true",
    "preserveOrdering",
    true,
  ),
  "dynamic_batching.priority_levels": batching(
    "priority_levels: 3 default_priority_level: 2",
    "priorityLevels",
    3,
  ),
  "dynamic_batching.default_priority_level": batching(
    "priority_levels: 3 default_priority_level: 2",
    "defaultPriorityLevel",
    2,
  ),
  ...queuePolicies("default_queue_policy", policy),
  ...queuePolicies("priority_queue_policy", levelPolicy),
  "ensemble_scheduling.step.model_name": ensemble,
  "ensemble_scheduling.step.model_version": ensemble,
  "ensemble_scheduling.step.input_map": ensemble,
  "ensemble_scheduling.step.output_map": ensemble,
  "ensemble_scheduling.max_inflight_requests": {
    config: String(ensemble.files["m/config.pbtxt"]).replace(/}$/, "max_inflight_requests: 3 }"),
    files: { "add/1/model.onnx": addSubGraph(["rows", 4]) },
    of: (model) => model.ensemble?.maxInflightRequests,
    is: 3,
  },
  "instance_group.name": group("", ({ instanceGroups }) => instanceGroups[1]?.name, "b"),
  "instance_group.count": group("count: 2", ({ instanceGroups }) => instanceGroups[1]?.count, 2),
  "instance_group.passive": group(
    "passive: true",
    ({ instanceGroups }) => instanceGroups[1]?.isPassive,
    true,
  ),
  "instance_group.kind": {
    config: "instance_group { kind: KIND_GPU }",
    fails: /kind KIND_GPU but server does not support GPUs/,
  },
  "instance_group.gpus": {
    config: "instance_group { kind: KIND_CPU gpus: 0 }",
    fails: /kind KIND_CPU but specifies one or more GPUs/,
  },
  default_model_filename: {
    config: 'backend: "onnxruntime" default_model_filename: "a.onnx"',
    files: { "m/1/a.onnx": graph },
    of: (model) => model.defaultModelFilename,
    is: "a.onnx",
  },
  metric_tags: {
    config: 'metric_tags { key: "team" value: "fish" }',
    of: (model) => model.metricTags,
    is: { team: "fish" },
  },
  "parameters.string_value": {
    config: 'parameters { key: "a" value { string_value: "b" } }',
    of: (model) => model.parameters,
    is: { a: "b" },
  },
  "model_warmup.name": warmup('name: "s" batch_size: 1', ({ warmup: [s] }) => s?.name, "s"),
  "model_warmup.batch_size": warmup("batch_size: 2", ({ warmup: [s] }) => s?.batchSize, 2),
  "model_warmup.count": warmup("batch_size: 1 count: 3", ({ warmup: [s] }) => s?.count, 3),
  "model_warmup.inputs.data_type": {
    config: `model_warmup { batch_size: 1
      inputs { key: "x" value { data_type: TYPE_INT8 dims: 4 zero_data: true } } }`,
    fails: /'x'/,
  },
  "model_warmup.inputs.dims": warmup(
    "batch_size: 1",
    ({ warmup: [sample] }) => sample?.inputs[0]?.dims,
    [4],
  ),
  "model_warmup.inputs.zero_data": warmup("batch_size: 1", source, "zero"),
  "model_warmup.inputs.random_data": warmup("batch_size: 1", source, "random", "random_data: true"),
  "model_warmup.inputs.input_data_file": warmup(
    "batch_size: 1",
    source,
    "file",
    'input_data_file: "ones"',
  ),
  "model_transaction_policy.decoupled": {
    config: `backend: "square" model_transaction_policy { decoupled: true }
      input { name: "IN" data_type: TYPE_INT32 dims: 1 }
      output { name: "OUT" data_type: TYPE_INT32 dims: 1 }`,
    of: (model) => model.isDecoupled,
    is: true,
  },
  "response_cache.enable": {
    config: "response_cache { enable: true }",
    of: (model) => model.cache !== undefined,
    is: true,
  },
};

/** The same of each level as of all. */
function queuePolicies(
  field: string,
  proof: (fields: string, name: string, is: unknown) => Shown,
): Readonly<Record<string, Shown>> {
  const within = `dynamic_batching.${field}`;
  return {
    [`${within}.timeout_action`]: proof("timeout_action: DELAY", "timeoutAction", "DELAY"),
    [`${within}.default_timeout_microseconds`]: proof(
      "default_timeout_microseconds: 2000",
      "defaultTimeoutMs",
      2,
    ),
    [`${within}.allow_timeout_override`]: proof(
      "allow_timeout_override: true",
      "allowTimeoutOverride",
      true,
    ),
    [`${within}.max_queue_size`]: proof("max_queue_size: 3", "maxQueueSize", 3),
  };
}

/** Asked of the served repository itself. */
function served(): void {}

const statuses = fieldStatuses();

/** Of the field itself, or of what it is in. */
const headOf = (heads: readonly string[], path: string): string | undefined =>
  heads.find((head) => path === head || path.startsWith(`${head}.`));

function decided(path: string): FieldStatus | undefined {
  if (headOf(refused, path) !== undefined) return "refused";
  if (headOf(ineffective, path) !== undefined) return "no effect";
  return Object.hasOwn(supported, path) ? "supported" : undefined;
}

test("each field of the schema has been decided on, and no other", () => {
  check.ok(statuses.size > 100);
  for (const [path, status] of statuses) check.equal(decided(path), status, path);
  const paths = [...statuses.keys()];
  for (const head of [...refused, ...ineffective, ...Object.keys(supported)]) {
    check.ok(
      paths.some((path) => headOf([head], path) !== undefined),
      `${head} is in the schema`,
    );
  }
});

const base: Files = { "m/1/model.onnx": graph };

for (const [path, proof] of Object.entries(supported)) {
  test(`supported: ${path}`, (t) => prove(t, proof));
}

async function prove(t: TestContext, proof: Proof): Promise<void> {
  if ("answers" in proof) {
    const { core, failure } = await serveRepository(t, proof.files);
    check.equal(failure, undefined);
    const [model, values] = proof.answers;
    const answer = await answerOf(core, model, { x: fp32Tensor([1, 4], four) });
    return check.deepEqual(shownOutputs(answer), [["y", [1, 4], values]]);
  }
  if ("fails" in proof) {
    const { failure } = await serveRepository(t, { ...base, "m/config.pbtxt": proof.config });
    return check.match(failure ?? "none", proof.fails);
  }
  const files = { ...base, ...proof.files };
  const given = await serveRepository(t, { ...files, "m/config.pbtxt": proof.config });
  check.equal(given.failure, undefined);
  check.deepEqual(lookAt(given, proof.of), proof.is);
  const plain = await serveRepository(t, files);
  check.equal(plain.failure, undefined);
  check.notDeepEqual(lookAt(plain, proof.of), proof.is);
  check.ok(!given.lines.some((line) => line.includes("of no effect")));
}

function lookAt({ core }: ServedRepository, of: Shown["of"]): unknown {
  if (of !== served) return of(core.lookUp("m", undefined).config);
  const ready = core.index().filter(({ name, state }) => name === "m" && state === "READY");
  return ready.map(({ version }) => Number(version));
}

for (const [path, status] of statuses) {
  if (status === "supported") continue;
  test(`${status}: ${path}`, async (t) => {
    const config = textOf(path);
    const { core, failure, lines } = await serveRepository(t, {
      ...base,
      "m/config.pbtxt": config,
    });
    if (status === "refused") {
      const head = headOf(refused, path) ?? "";
      const text = head.endsWith("is_shape_tensor")
        ? /shape tensors are only supported for TensorRT/
        : new RegExp(`'${head}' is not supported by this server for m`);
      return check.match(failure ?? "none", text);
    }
    check.equal(failure, undefined, config);
    const told = lines.filter((line) => line.includes("of no effect in this server"));
    check.equal(told.length, 1, "told once");
    check.ok(told[0]?.includes(`: ${headOf(ineffective, path)},`), told[0]);
    const answer = await answerOf(core, "m", { x: fp32Tensor([1, 4], four) });
    check.deepEqual(shownOutputs(answer), [["y", [1, 4], four]]);
  });
}

/** A configuration that gives this field, and else only what it must. */
function textOf(path: string): string {
  const isTensor = /^(in|out)put\./.test(path);
  const inner = fieldText("ModelConfig", path.split("."));
  return isTensor ? inner.replace(/^(\w+) \{/, (start) => `${start} ${named(start)}`) : inner;
}

function named(start: string): string {
  return `name: "${start.startsWith("input") ? "x" : "y"}" data_type: TYPE_FP32 dims: 4`;
}

function fieldText(message: string, [name = "", ...rest]: readonly string[]): string {
  const field = configSchema.messages[message]?.[name];
  check.ok(field, name);
  const value = rest.length > 0 ? `{ ${fieldText(field.type, rest)} }` : valueText(name, field);
  if (field.keyType === undefined) return `${name}: ${value}`.replace(": {", " {");
  const key = field.keyType === "string" ? '"1"' : "1";
  return `${name} { key: ${key} value: ${value} }`;
}

/** That is not the field's default, if there is another. */
function valueText(name: string, { type }: ConfigField): string {
  if (type === "string") return '"a"';
  if (type === "bool") return String(name !== "enable");
  const [first, second = first] = Object.keys(configSchema.enums[type] ?? {});
  if (second !== undefined) return second;
  return configSchema.messages[type] === undefined ? "1" : "{ }";
}
