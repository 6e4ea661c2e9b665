/** From definitions to configurations and hosts: where a model runs, and what its graph says. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ResolvedModel } from "../core/model-source.ts";
import { type ModelDefinition, model } from "../definition/model.ts";
import { type OnnxOptions, onnx } from "../definition/onnx-model.ts";
import { fp32, optional } from "../definition/specifications.ts";
import { batchOf, contentsOf, numbers } from "../testing/batch-fixture.ts";
import { hostOptions, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { withModelFile } from "../testing/onnx-fixture.ts";
import { addSubGraph, identityGraph } from "../testing/onnx-graphs.ts";
import { WorkerWatch } from "../testing/worker-watch.ts";
import { InlineHost, ThreadHost } from "./instance-hosts.ts";
import { modelSource } from "./model-source.ts";

const tensors = { inputs: { x: fp32(2), scale: optional(fp32(1)) }, outputs: { y: fp32(2) } };
const here = import.meta.url;

async function resolveFunction(
  changes: Partial<ModelDefinition<typeof tensors.inputs, typeof tensors.outputs>>,
  servedModule?: string,
): Promise<ResolvedModel> {
  const built = model("m", { ...tensors, ...changes, infer: ({ x }) => ({ y: x }) });
  return await modelSource(built, servedModule, hostOptions()).resolve();
}

test("a function's configuration is its definition, completed", async () => {
  const { config } = await resolveFunction({ version: 3, maxBatchSize: 8, instances: 2 });
  const { name, version, platform, backend, maxBatchSize, inputs, instanceGroups } = config;
  check.deepEqual([name, version, platform, backend, maxBatchSize], ["m", 3, "", "function", 8]);
  check.deepEqual(
    inputs.map(({ name: input, datatype, dims, isOptional }) => [
      input,
      datatype,
      dims,
      isOptional,
    ]),
    [
      ["x", "FP32", [2], false],
      ["scale", "FP32", [1], true],
    ],
  );
  check.deepEqual(
    instanceGroups.map(({ kind, count }) => [kind, count]),
    [["KIND_CPU", 2]],
  );
});

/** Where a function runs: by its own module, that of the file that is served, and its wish. */
const places: readonly [
  what: string,
  changes: Parameters<typeof resolveFunction>[0],
  servedModule: string | undefined,
  host: typeof InlineHost | typeof ThreadHost,
][] = [
  ["by default", {}, undefined, InlineHost],
  ["that says where it lives", { module: here }, undefined, ThreadHost],
  ["from a file that is served", {}, here, ThreadHost],
  ["that wants to be inline", { module: here, instances: { kind: "inline" } }, here, InlineHost],
];

for (const [what, changes, servedModule, host] of places) {
  test(`a function ${what}: ${host.name}`, async () => {
    check.ok((await resolveFunction(changes, servedModule)).host instanceof host);
  });
}

test("a function that wants a thread must say where it lives", async () => {
  await check.rejects(resolveFunction({ instances: { kind: "thread" } }), {
    code: "INVALID_ARGUMENT",
    message: "model 'm': a model in threads must say where it lives: module: import.meta.url",
  });
});

test("a configuration that cannot be is refused, naming the model", async () => {
  const changes = { instances: { kind: "inline", device: "cuda:0" } } as const;
  await check.rejects(resolveFunction(changes), {
    code: "INVALID_ARGUMENT",
    message: /^model 'm': 'instances\.device' must be "cpu"/,
  });
});

async function withOnnx<Result>(
  graph: Uint8Array,
  options: Partial<OnnxOptions>,
  use: (resolved: Promise<ResolvedModel>) => Promise<Result>,
): Promise<Result> {
  return await withModelFile(graph, async (path) => {
    return await use(resolve(onnx("m", { ...options, path })));
  });
}

test("the graph of an ONNX model says what goes in and comes out", async () => {
  await withOnnx(addSubGraph(), { maxBatchSize: 4 }, async (resolved) => {
    const { config, host } = await resolved;
    const { platform, backend, maxBatchSize, defaultModelFilename } = config;
    check.deepEqual(
      [platform, backend, maxBatchSize, defaultModelFilename],
      ["onnxruntime_onnx", "onnxruntime", 4, "model.onnx"],
    );
    const shapes = [...config.inputs, ...config.outputs].map(({ name, datatype, dims }) => {
      return [name, datatype, dims];
    });
    check.deepEqual(shapes, [
      ["a", "FP32", [16]],
      ["b", "FP32", [16]],
      ["sum", "FP32", [16]],
      ["difference", "FP32", [16]],
    ]);
    const probe = new InstanceProbe(host);
    probe.instance.stop();
    await probe.exit;
  });
});

test("the thread that was asked becomes the first instance; the second has one of its own", async () => {
  using watch = new WorkerWatch();
  await withOnnx(identityGraph("FP32"), { instances: 2 }, async (resolved) => {
    const { host } = await resolved;
    check.equal(watch.workers.length, 1);
    const probes = [new InstanceProbe(host, 0), new InstanceProbe(host, 1)];
    await Promise.all(probes.map(({ isReady }) => isReady));
    check.equal(watch.workers.length, 2);
    const executions = probes.map((probe) => probe.execute(batchOf([numbers("x", [1, 1], [7])])));
    for (const { answers } of await Promise.all(executions)) {
      const [answer] = answers;
      check.ok(answer !== undefined && !(answer instanceof Error));
      check.deepEqual(contentsOf(answer), [["y", [1, 1], [7]]]);
    }
    for (const { instance } of probes) instance.stop();
    for (const { exit, faults } of probes) {
      check.deepEqual(await exit, { error: undefined, isFinal: false });
      check.deepEqual(faults, []);
    }
  });
  check.deepEqual(
    watch.workers.map(({ exitCode }) => exitCode),
    [0, 0],
  );
});

/** What keeps an ONNX model from being resolved; no thread is left behind. */
const failures: readonly [
  what: string,
  graph: Uint8Array,
  options: Partial<OnnxOptions>,
  error: { readonly code: string; readonly message: RegExp },
][] = [
  [
    "a file that is no model",
    Uint8Array.of(1, 2, 3),
    {},
    { code: "INVALID_ARGUMENT", message: /^model 'm': .* is not an ONNX model$/ },
  ],
  [
    "a graph that does not batch",
    identityGraph("FP32", [2, 2]),
    { maxBatchSize: 4 },
    {
      code: "INVALID_ARGUMENT",
      message: /^autofill failed for model 'm': model does not support batching/,
    },
  ],
  [
    "a load that takes too long",
    identityGraph("FP32"),
    { limits: { loadTimeoutMs: 1 } },
    {
      code: "DEADLINE_EXCEEDED",
      message: /^model 'm' did not load within 1 ms \(limits\.loadTimeoutMs\)$/,
    },
  ],
];

for (const [what, graph, options, error] of failures) {
  test(`not resolved, and its thread ended: ${what}`, async () => {
    using watch = new WorkerWatch();
    await withOnnx(graph, options, async (resolved) => {
      await check.rejects(resolved, error);
      await watch.started(1);
      await watch.workers[0]?.exit;
    });
  });
}
