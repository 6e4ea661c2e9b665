/** What fields of a configuration come to, on real graphs: instances, labels of metrics, sessions. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { InferenceCore } from "../../core/inference-core.ts";
import { modelConfigJson } from "../../core/model-config-json.ts";
import { answerOf, shownOutputs } from "../../testing/core-answer.ts";
import { fp32Tensor } from "../../testing/onnx-fixture.ts";
import { externalAddGraph, identityGraph } from "../../testing/onnx-graphs.ts";
import { type Files, serveRepository } from "../../testing/repository-fixture.ts";
import { metricsText } from "../metrics/metrics-text.ts";

const graph = identityGraph("FP32", ["rows", 2]);
const x = { x: fp32Tensor([1, 2], [3, 4]) };
const same = [["y", [1, 2], [3, 4]]];

const withConfig = (config: string): Files => ({
  "m/1/model.onnx": graph,
  "m/config.pbtxt": config,
});

/** Name, kind, count, passive. */
const groupsOf = (core: InferenceCore): readonly unknown[] => {
  const shown = modelConfigJson(core.lookUp("m", undefined).config)["instance_group"];
  const groups = shown as readonly Readonly<Record<string, unknown>>[];
  return groups.map((group) => ["name", "kind", "count", "passive"].map((key) => group[key]));
};

const groupCases: Readonly<Record<string, readonly [string, readonly unknown[]]>> = {
  none: ["", [["m", "KIND_CPU", 1, false]]],
  "without a name": ["instance_group { }", [["m_0", "KIND_CPU", 1, false]]],
  several: [
    `instance_group [ { name: "a" kind: KIND_CPU count: 2 }, { kind: KIND_AUTO count: -1 },
       { name: "c" kind: KIND_MODEL } ]`,
    [
      ["a", "KIND_CPU", 2, false],
      ["m_1", "KIND_CPU", 1, false],
      ["c", "KIND_MODEL", 1, false],
    ],
  ],
  "a passive one": [
    'instance_group [ { name: "p" passive: true }, { name: "a" } ]',
    [
      ["p", "KIND_CPU", 1, true],
      ["a", "KIND_CPU", 1, false],
    ],
  ],
};

for (const [what, [config, groups]] of Object.entries(groupCases)) {
  test(`instance groups: ${what}`, async (t) => {
    const { core, failure } = await serveRepository(t, withConfig(config));
    check.equal(failure, undefined);
    check.deepEqual(groupsOf(core), groups);
    const count = groups.reduce<number>((sum, group) => sum + Number((group as unknown[])[2]), 0);
    check.equal(core.statistics("m")[0]?.instances.ready, count, "all are loaded");
    check.deepEqual(shownOutputs(await answerOf(core, "m", x)), same);
  });
}

const wrongs: Readonly<Record<string, readonly [string, RegExp]>> = {
  "a GPU": [
    "instance_group { kind: KIND_GPU }",
    /instance group m_0 of model m has kind KIND_GPU but server does not support GPUs/,
  ],
  "GPUs of a CPU": [
    'instance_group { name: "a" kind: KIND_CPU gpus: [ 0 ] }',
    /instance group a of model m has kind KIND_CPU but specifies one or more GPUs/,
  ],
  "GPUs of the model's own": [
    "instance_group { kind: KIND_MODEL gpus: [ 0 ] }",
    /instance group m_0 of model m has kind KIND_MODEL but specifies one or more GPUs/,
  ],
  "only passive ones": [
    "instance_group { passive: true }",
    /all instance groups of model m are passive: no request would run/,
  ],
  "too many": [
    "instance_group [ { count: 1 }, { count: 2147483647 } ]",
    /instance groups of model m count 2147483648 instances, more than 1024/,
  ],
  "a tag that is no label": [
    'metric_tags { key: "my-tag" value: "a" }',
    /metric tag 'my-tag' must consist of letters, digits and underscores for m/,
  ],
  "a parameter": [
    'parameters { key: "intra_op_thread_count" value: { string_value: "all" } }',
    /parameter 'intra_op_thread_count' must be a number of threads, from 0 to 1024; got 'all'/,
  ],
  "a graph level": [
    "optimization { graph { level: 9 } }",
    /'optimization\.graph\.level' must be -1 \(basic\), 0 \(all\), 1 \(extended\) or 2/,
  ],
  "an entry that onnxruntime refuses": [
    `parameters { key: "session.intra_op_thread_affinities" value: { string_value: "none" } }
     parameters { key: "intra_op_thread_count" value: { string_value: "2" } }`,
    /^load failed for model 'm': version 1 is at UNAVAILABLE state: Internal: model 'm': onnxruntime/,
  ],
};

for (const [what, [config, why]] of Object.entries(wrongs)) {
  test(`wrong: ${what}`, async (t) => {
    check.match((await serveRepository(t, withConfig(config))).failure ?? "none", why);
  });
}

test("parameters of onnxruntime leave its answers as they are", async (t) => {
  const parameters = {
    execution_mode: "1",
    inter_op_thread_count: "2",
    enable_mem_arena: "0",
    enable_mem_pattern: "0",
    "session.set_denormal_as_zero": "1",
    "session.intra_op.allow_spinning": "1",
  };
  const texts = Object.entries(parameters).map(([key, value]) => {
    return `parameters { key: "${key}" value: { string_value: "${value}" } }`;
  });
  const config = `${texts.join(" ")} optimization { graph { level: 2 } }`;
  const { core, failure, lines } = await serveRepository(t, withConfig(config));
  check.equal(failure, undefined);
  check.deepEqual(shownOutputs(await answerOf(core, "m", x)), same);
  check.ok(!lines.some((line) => line.startsWith("warning")), lines.join("\n"));
});

test("tags of a model are labels of its metrics", async (t) => {
  const tags = 'metric_tags { key: "team" value: "a \\"b\\"" } metric_tags { key: "a" value: "" }';
  const { core } = await serveRepository(t, { ...withConfig(tags), "n/1/model.onnx": graph });
  const page = metricsText({
    models: core.statistics(),
    cache: core.cacheFigures(),
    machine: undefined,
    eventLoopLag: { upperBounds: [], counts: [], sum: 0, count: 0 },
    custom: { families: () => [], droppedCount: () => 0 },
  });
  const labels = String.raw`_a="",_team="a \"b\"",model="m"`;
  for (const line of [
    `nv_inference_request_success{${labels},version="1"} 0`,
    `shoal_instances{${labels},state="ready",version="1"} 1`,
    `shoal_request_duration_seconds_bucket{${labels},version="1",le="+Inf"} 0`,
    'nv_inference_request_success{model="n",version="1"} 0',
  ]) {
    check.ok(page.includes(`${line}\n`), line);
  }
});

const weights = Float32Array.of(10, 20);
const bytes = new Uint8Array(weights.buffer);

test("a model file may be a folder, with weights beside it", async (t) => {
  const { core, failure } = await serveRepository(t, {
    "m/1/model.onnx/model.onnx": externalAddGraph("weights.bin", 2),
    "m/1/model.onnx/weights.bin": bytes,
    "n/1/other/model.onnx": graph,
    "n/config.pbtxt": 'backend: "onnxruntime" default_model_filename: "other"',
    "o/1/o.onnx": graph,
    "o/config.pbtxt":
      'platform: "onnxruntime_onnx" default_model_filename: "o.onnx"' +
      ' cc_model_filenames { key: "7.5" value: "p.onnx" }',
  });
  check.equal(failure, undefined);
  check.deepEqual(shownOutputs(await answerOf(core, "m", x)), [["y", [1, 2], [13, 24]]]);
  check.deepEqual(shownOutputs(await answerOf(core, "n", x)), same);
  check.deepEqual(shownOutputs(await answerOf(core, "o", x)), same);
});

test("weights outside the folder are not read, nor is a folder without a model", async (t) => {
  const { core, failure } = await serveRepository(t, {
    "m/1/model.onnx": externalAddGraph("../../weights.bin", 2),
    "weights.bin": bytes,
    "n/1/model.onnx/readme": "",
  });
  check.match(failure ?? "none", /load failed for model 'm'/);
  const [m, n] = core.index();
  check.match(m?.reason ?? "", /external data/i);
  check.equal(n?.reason, "Invalid argument: model file 'model.onnx' 'model.onnx' is not there");
});
