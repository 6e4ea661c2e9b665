/**
 * Ensembles as clients see them, over HTTP and gRPC: of models in threads and inline, of a stream,
 * and of models that write to what they are given.
 *
 * They are loaded past the public options, which do not know them yet.
 */
import { strict as check } from "node:assert";
import { type TestContext, test } from "node:test";
import { fp32, type Models, model } from "shoal";
import type { ModelConfig } from "../../dist/core/model-config.js";
import { resolveServerOptions } from "../../dist/server/resolve-server-options.js";
import { RunningServer } from "../../dist/server/running-server.js";
import { servedModels } from "../../dist/server/served-models.js";
import { ensembleSource } from "../../dist/testing/ensemble-declaration.js";
import { ensembleConfig, stepConfig } from "../../dist/testing/ensemble-fixture.js";
import { fp32 as bytes, failureOf, GrpcClient, readFp32 } from "../conformance/grpc-client.ts";
import { post, quietLoopback } from "../conformance/server.ts";

const plusOne = model("plus_one", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  infer: ({ x }) => ({ y: x.map((value) => value + 1) }),
});

/** Over what it was given. */
const double = model("double", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  infer: ({ x }) => {
    for (const [index, value] of x.data.entries()) x.data[index] = 2 * value;
    return { y: x };
  },
});

const counting = model("counting", {
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
  batching: false,
  *infer({ x }) {
    const [count = 0] = x.data;
    for (let number = 1; number <= count; number += 1) {
      yield { y: Float32Array.of(number) };
    }
  },
});

const failing = model("failing", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  infer: () => {
    throw new Error("no such luck");
  },
});

async function serve(
  t: TestContext,
  models: Models,
  ensemble: ModelConfig,
): Promise<{ readonly url: string; readonly client: GrpcClient; readonly server: RunningServer }> {
  const options = resolveServerOptions({ ...quietLoopback, allowGrpc: true, allowMetrics: true });
  const server = new RunningServer(servedModels(models), options, { isProgram: false });
  t.after(() => server.close({ timeoutMs: 1000 }));
  await server.load(ensembleSource(ensemble));
  await server.ready;
  await server.listen();
  const client = new GrpcClient(server.urls.grpc ?? "");
  t.after(() => client[Symbol.dispose]());
  return { url: server.urls.http ?? "", client, server };
}

const chain = ensembleConfig({
  name: "chain",
  maxBatchSize: 4,
  dims: [-1],
  outputs: ["Y", "Z"],
  steps: [
    stepConfig("plus_one", { x: "X" }, { y: "T" }),
    stepConfig("double", { x: "T" }, { y: "Y" }),
    stepConfig("double", { x: "T" }, { y: "Z" }),
  ],
});

const tensor = { name: "X", datatype: "FP32", shape: [1, 2] };

test("over HTTP: metadata, configuration, an answer, statistics and metrics", async (t) => {
  const { url, server } = await serve(t, [plusOne, double], chain);
  const metadata = await (await fetch(`${url}/v2/models/chain`)).json();
  const shape = [-1, -1];
  check.deepEqual(metadata, {
    name: "chain",
    versions: ["1"],
    platform: "ensemble",
    inputs: [{ name: "X", datatype: "FP32", shape }],
    outputs: [
      { name: "Y", datatype: "FP32", shape },
      { name: "Z", datatype: "FP32", shape },
    ],
  });
  const answer = await post(`${url}/v2/models/chain/infer`, {
    id: "7",
    inputs: [{ ...tensor, data: [1, 2] }],
  });
  check.equal(
    answer.text,
    '{"id":"7","model_name":"chain","model_version":"1","parameters":{"sequence_id":0,' +
      '"sequence_start":false,"sequence_end":false},"outputs":[{"name":"Y","datatype":"FP32",' +
      '"shape":[1,2],"data":[4,6]},{"name":"Z","datatype":"FP32","shape":[1,2],"data":[4,6]}]}',
  );
  const config = (await (await fetch(`${url}/v2/models/chain/config`)).json()) as object;
  check.equal(
    JSON.stringify(Object.entries(config).slice(-8, -6)),
    '[["ensemble_scheduling",{"step":[{"model_name":"plus_one","model_version":-1,"input_map":{' +
      '"x":"X"},"output_map":{"y":"T"},"model_namespace":""},{"model_name":"double",' +
      '"model_version":-1,"input_map":{"x":"T"},"output_map":{"y":"Y"},"model_namespace":""},{' +
      '"model_name":"double","model_version":-1,"input_map":{"x":"T"},"output_map":{"y":"Z"},' +
      '"model_namespace":""}],"max_inflight_requests":0}],["instance_group",[]]]',
  );
  check.equal("optimization" in config, false);
  const metrics = await (await fetch(`${server.urls.metrics}/metrics`)).text();
  check.match(metrics, /nv_inference_request_success\{model="chain",version="1"\} 1\n/);
  check.match(metrics, /nv_inference_request_success\{model="double",version="1"\} 2\n/);
});

test("over gRPC: configuration, an answer, and an error that names the ensemble", async (t) => {
  const { client, server } = await serve(t, [plusOne, double, failing], chain);
  const { config } = await client.call("ModelConfig", { name: "chain" });
  check.equal(config?.ensembleScheduling?.step?.length, 3);
  const request = { modelName: "chain", inputs: [tensor], rawInputContents: [bytes(1, 2)] };
  const answer = await client.infer(request);
  check.deepEqual(
    answer.rawOutputContents?.map((raw) => Buffer.from(raw)),
    [Buffer.from(bytes(4, 6)), Buffer.from(bytes(4, 6))],
  );
  check.deepEqual(Object.keys(answer.parameters ?? {}), [
    "sequence_id",
    "sequence_start",
    "sequence_end",
  ]);
  const steps = [stepConfig("failing", { x: "X" }, { y: "Y" })];
  const wrong = ensembleConfig({ name: "wrong", maxBatchSize: 4, dims: [-1], steps });
  await server.load(ensembleSource(wrong));
  const { details } = await failureOf(client.infer({ ...request, modelName: "wrong" }));
  check.match(details, /^in ensemble 'wrong', model 'failing' failed/);
});

test("a stream through steps, over gRPC", async (t) => {
  const steps = [
    stepConfig("counting", { x: "X" }, { y: "T" }),
    stepConfig("plus_one", { x: "T" }, { y: "Y" }),
  ];
  const ensemble = ensembleConfig({ name: "counted", steps });
  const { client, url } = await serve(t, [counting, plusOne], ensemble);
  const stream = client.stream();
  const count = 300;
  stream.send({
    modelName: "counted",
    inputs: [{ ...tensor, shape: [1] }],
    rawInputContents: [bytes(count)],
    parameters: { triton_enable_empty_final_response: { boolParam: true } },
  });
  await stream.end();
  const numbers = stream.received.flatMap(({ inferResponse }) =>
    readFp32(inferResponse?.rawOutputContents?.[0]),
  );
  numbers.sort((one, other) => one - other);
  check.deepEqual(
    numbers,
    Array.from({ length: count }, (_, index) => index + 2),
  );
  const refused = await post(`${url}/v2/models/counted/infer`, {
    inputs: [{ ...tensor, shape: [1], data: [2] }],
  });
  check.equal(refused.status, 501);
});

test("no circle of calls goes through an ensemble", async (t) => {
  const calling = model("calling", {
    inputs: { x: fp32(-1) },
    outputs: { y: fp32(-1) },
    infer: async ({ x }, context) => {
      await context.model("around").infer({ X: x });
      return { y: x };
    },
  });
  const steps = [stepConfig("calling", { x: "X" }, { y: "Y" })];
  const around = ensembleConfig({ name: "around", maxBatchSize: 4, dims: [-1], steps });
  const { client } = await serve(t, calling, around);
  const request = { modelName: "around", inputs: [tensor], rawInputContents: [bytes(1, 2)] };
  const { details } = await failureOf(client.infer(request));
  check.match(details, /model 'calling' cannot call model 'around', which calls it/);
});
