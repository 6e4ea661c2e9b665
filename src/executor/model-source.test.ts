/**
 * What a definition becomes: where it runs, and its configuration.
 *
 * Threads that read ONNX graphs, and what becomes of them: instance-hosts.test.ts.
 */
import { strict as check } from "node:assert";
import { availableParallelism } from "node:os";
import test from "node:test";
import type { InstanceHost } from "../core/instance.ts";
import { type Model, model } from "../definition/model.ts";
import { type OnnxOptions, onnx } from "../definition/onnx-model.ts";
import { fp32, int64, optional } from "../definition/specifications.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import { hostOptions, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { withModelFile } from "../testing/onnx-fixture.ts";
import { identityGraph } from "../testing/onnx-graphs.ts";
import { InlineHost, ThreadHost } from "./instance-hosts.ts";
import { modelSource } from "./model-source.ts";

const here = import.meta.url;
const { signal } = new AbortController();

function define(options: ModelOptions & { readonly module?: string } = {}): Model {
  return model("m", {
    ...options,
    version: 3,
    inputs: { x: fp32(-1, 2), n: optional(int64(1)) },
    outputs: { y: fp32(2) },
    infer: ({ x }) => ({ y: x.toNested() as number[][] }),
  });
}

const places: readonly (readonly [
  what: string,
  options: Parameters<typeof define>[0],
  servedModule: string | undefined,
  kind: "inline" | "thread",
])[] = [
  ["without a module", {}, undefined, "inline"],
  ["with a module", { module: here }, undefined, "thread"],
  ["served from a file", {}, here, "thread"],
  [
    "inline although it has a module",
    { module: here, instances: { kind: "inline" } },
    undefined,
    "inline",
  ],
  ["inline although it is served from a file", { instances: { kind: "inline" } }, here, "inline"],
  ["with a module and a count", { module: here, instances: 2 }, undefined, "thread"],
];

for (const [what, options, servedModule, kind] of places) {
  test(`where it runs: ${what}`, async () => {
    const source = modelSource(define(options), servedModule, hostOptions());
    check.deepEqual([source.name, source.version], ["m", 3]);
    const { host } = await source.resolve(signal);
    check.equal(kindOf(host), kind);
  });
}

test("in a thread without a module: what to do", async () => {
  await check.rejects(resolve(define({ instances: { kind: "thread" } })), {
    code: "INVALID_ARGUMENT",
    message: "model 'm': a model in threads must say where it lives: module: import.meta.url",
  });
});

test("its configuration is that of its definition", async () => {
  const { config } = await resolve(
    define({ maxBatchSize: 8, instances: 2, limits: { loadTimeoutMs: 5 } }),
  );
  const { name, version, backend, platform, maxBatchSize, inputs, outputs, instanceGroups } =
    config;
  check.deepEqual(
    { name, version, backend, platform, maxBatchSize },
    { name: "m", version: 3, backend: "function", platform: "", maxBatchSize: 8 },
  );
  const tensor = (
    tensorName: string,
    datatype: string,
    dims: readonly number[],
    isOptional = false,
  ) => ({ name: tensorName, datatype, dims, isOptional, reshape: undefined });
  check.deepEqual(inputs, [tensor("x", "FP32", [-1, 2]), tensor("n", "INT64", [1], true)]);
  check.deepEqual(outputs, [tensor("y", "FP32", [2])]);
  check.deepEqual(
    instanceGroups.map(({ count }) => count),
    [2],
  );
  check.equal(config.limits.loadTimeoutMs, 5);
});

test("'auto' is one instance less than there are cores", async () => {
  const { config } = await resolve(define({ instances: "auto" }));
  const [group] = config.instanceGroups;
  check.equal(group?.count, Math.max(1, availableParallelism() - 1));
});

const graphs: readonly (readonly [
  what: string,
  shape: Parameters<typeof identityGraph>[1],
  options: Omit<OnnxOptions, "path">,
  maxBatchSize: number,
  dims: readonly number[],
])[] = [
  ["of a dynamic first dimension batches", ["n", 4], {}, 32, [4]],
  ["batches as much as its definition says", ["n", 4], { maxBatchSize: 5 }, 5, [4]],
  ["does not batch if its definition says so", ["n", 4], { batching: false }, 0, [-1, 4]],
  ["of a fixed first dimension does not batch", [2, 4], {}, 0, [2, 4]],
  ["of one dynamic dimension is one number a row", ["n"], {}, 32, [1]],
];

for (const [what, shape, options, maxBatchSize, dims] of graphs) {
  test(`a graph ${what}`, async () => {
    await withModelFile(identityGraph("FP32", shape), async (path) => {
      const { config, host } = await resolve(onnx("m", { path, ...options }));
      const probe = new InstanceProbe(host);
      await probe.isReady;
      probe.instance.stop();
      await probe.exit;
      const { backend, platform, defaultModelFilename } = config;
      check.deepEqual(
        { backend, platform, defaultModelFilename },
        {
          backend: "onnxruntime",
          platform: "onnxruntime_onnx",
          defaultModelFilename: "model.onnx",
        },
      );
      check.equal(config.maxBatchSize, maxBatchSize);
      check.deepEqual(
        config.inputs.map(({ name, datatype, dims: own }) => [name, datatype, own]),
        [["x", "FP32", dims]],
      );
      check.deepEqual(
        config.outputs.map(({ name, datatype, dims: own }) => [name, datatype, own]),
        [["y", "FP32", dims]],
      );
    });
  });
}

function kindOf(host: InstanceHost): string {
  if (host instanceof InlineHost) return "inline";
  return host instanceof ThreadHost ? "thread" : "another";
}
