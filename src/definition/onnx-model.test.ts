/**
 * What `onnx()` makes of its arguments, and what it refuses, in a table of complaints.
 */
import { strict as check } from "node:assert";
import { resolve } from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";
import { type OnnxOptions, onnx } from "./onnx-model.ts";

const path = "models/m.onnx";

test("a definition is plain data: paths absolute, options sorted", () => {
  const model = onnx("m", {
    path,
    version: 3,
    maxBatchSize: 8,
    batching: { maxQueueDelayMs: 2 },
    instances: { count: 2, device: "cuda:1" },
    limits: { loadTimeoutMs: 5 },
    intraOpThreads: 2,
    interOpThreads: 3,
    graphOptimizationLevel: "basic",
    executionProviders: [{ name: "cuda", deviceId: 1, options: { a: 1 } }, "cpu"],
  });
  check.deepEqual(structuredClone(model), {
    kind: "onnx",
    name: "m",
    version: 3,
    path: resolve(path),
    session: {
      intraOpThreads: 2,
      interOpThreads: 3,
      graphOptimizationLevel: "basic",
      executionProviders: [{ name: "cuda", deviceId: 1, options: { a: 1 } }, "cpu"],
    },
    measures: { cost: undefined, bucket: undefined },
    options: {
      maxBatchSize: 8,
      batching: { maxQueueDelayMs: 2 },
      instances: { count: 2, device: "cuda:1" },
      limits: { loadTimeoutMs: 5 },
    },
  });
});

test("what is left out stays out", () => {
  const { version, session, options } = onnx("m", { path });
  check.deepEqual({ version, session, options }, { version: 1, session: {}, options: {} });
});

test("a path may be a file URL, as an object or as text", () => {
  const url = pathToFileURL(path);
  check.equal(onnx("m", { path: url }).path, resolve(path));
  check.equal(onnx("m", { path: url.href }).path, resolve(path));
});

/** Options beside the path, and the whole complaint. */
const complaints: readonly [object, string][] = [
  [{ path: "" }, `model 'm': 'path' must be the path of a model file, or its file URL; got ""`],
  [
    { path: new URL("https://example.org/m.onnx") },
    `model 'm': 'path' must be a file URL; got "https://example.org/m.onnx"`,
  ],
  [{ version: 0 }, "model 'm': 'version' must be an integer from 1; got 0"],
  [{ maxBatchSize: 1.5 }, "model 'm': 'maxBatchSize' must be an integer from 1; got 1.5"],
  [{ intraOpThreads: -3 }, "model 'm': 'intraOpThreads' must be an integer from 1; got -3"],
  [{ interOpThreads: "2" }, `model 'm': 'interOpThreads' must be an integer from 1; got "2"`],
  [{ batching: true }, "model 'm': 'batching' must be false or an object; got true"],
  [
    { batching: false, maxBatchSize: 4 },
    "model 'm': 'maxBatchSize' must be left out beside batching: false; got 4",
  ],
  [{ limits: 5 }, "model 'm': 'limits' must be an object; got 5"],
  [
    { instances: 0 },
    `model 'm': 'instances' must be an integer from 1, "auto", an object or a list of objects; got 0`,
  ],
  [
    { instances: { count: 0 } },
    `model 'm': 'instances.count' must be an integer from 1, or "auto"; got 0`,
  ],
  [
    { instances: { kind: "inline" } },
    `model 'm': 'instances.kind' must be "thread": an ONNX run blocks the thread that calls it; ` +
      `got "inline"`,
  ],
  [
    { instances: [{}, { concurrency: 2 }] },
    "model 'm': 'instances[1].concurrency' must be 1: an ONNX run blocks the thread that calls it; " +
      "got 2",
  ],
  [
    {
      instances: { devices: ["cuda:0", "cuda:1"] },
      executionProviders: [{ name: "cuda", deviceId: 0 }],
    },
    "model 'm': 'executionProviders[0].deviceId' must be left out, as instances are on cuda:1; got 0",
  ],
  [
    { instances: [{}, { device: "cuda:1" }], executionProviders: ["cpu"] },
    "model 'm': 'executionProviders' must be left out, or with one that uses cuda:1, " +
      'where instances are; got ["cpu"]',
  ],
  [
    { graphOptimizationLevel: "max" },
    `model 'm': 'graphOptimizationLevel' must be "disabled", "basic", "extended" or "all"; ` +
      `got "max"`,
  ],
  [
    { graphOptimisationLevel: "all" },
    "model 'm': unknown option 'graphOptimisationLevel' (did you mean 'graphOptimizationLevel'?)",
  ],
  [{ maxbatchsize: 4 }, "model 'm': unknown option 'maxbatchsize' (did you mean 'maxBatchSize'?)"],
  [
    { colour: "blue" },
    "model 'm': unknown option 'colour' (there are version, path, intraOpThreads, " +
      "interOpThreads, graphOptimizationLevel, executionProviders, cost, bucket, maxBatchSize, " +
      "batching, instances, limits, cache, singleFlight, warmup)",
  ],
  [
    { executionProviders: [] },
    "model 'm': 'executionProviders' must be a list of at least one provider; got []",
  ],
  [
    { executionProviders: ["cudo"] },
    `model 'm': 'executionProviders[0]' must be "cpu", "cuda" or "tensorrt" ` +
      `(did you mean 'cuda'?); got "cudo"`,
  ],
  [
    { executionProviders: ["cpu", { name: "gpu" }] },
    `model 'm': 'executionProviders[1].name' must be "cpu", "cuda" or "tensorrt" ` +
      `(did you mean 'cpu'?); got "gpu"`,
  ],
  [
    { executionProviders: ["cuda", { name: "cuda" }] },
    `model 'm': 'executionProviders[1].name' must be named once; got "cuda"`,
  ],
  [
    { executionProviders: [{ name: "cuda", device: 1 }] },
    "model 'm': unknown option 'executionProviders[0].device' (did you mean 'deviceId'?)",
  ],
  [
    { executionProviders: [{ name: "cuda", deviceId: -1 }] },
    "model 'm': 'executionProviders[0].deviceId' must be an integer from 0; got -1",
  ],
  [
    { executionProviders: [{ name: "cpu", deviceId: 0 }] },
    "model 'm': 'executionProviders[0].deviceId' must be left out: the CPU is one device; got 0",
  ],
  [
    { executionProviders: [{ name: "tensorrt", options: { a: {} } }] },
    "model 'm': 'executionProviders[0].options.a' must be a string, number or boolean; " +
      "got an object",
  ],
  [
    { limits: { loadTimeoutMs: 0 }, batching: { preferredBatchSizes: [64] } },
    "model 'm': 'limits.loadTimeoutMs' must be a number of milliseconds above 0; got 0\n" +
      "model 'm': 'batching.preferredBatchSizes[0]' must be at most maxBatchSize, which is 32; " +
      "got 64 (dynamic batching preferred size must be <= max batch size for m)",
  ],
];

for (const [options, message] of complaints) {
  test(`refused: ${message}`, () => {
    check.throws(() => onnx("m", { path, ...options } as OnnxOptions), {
      name: "TypeError",
      message,
    });
  });
}

for (const name of ["", "a b", "a/b", "a\\b", "modèle", "stats"]) {
  test(`refused as a name: '${name}'`, () => {
    check.throws(() => onnx(name, { path }), { name: "TypeError", message: /'name' must be/ });
  });
}
