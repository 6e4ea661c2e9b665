/**
 * The calls beside inference: health, configuration, statistics, repository, reflection, and those
 * that are there only to say no.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import protobuf from "protobufjs/minimal.js";
import { until } from "../until.ts";
import { startFake } from "./fake-service.ts";
import { failureOf, fp32, GrpcClient, grpc, inference, type UnaryName } from "./grpc-client.ts";
import { startServer } from "./server.ts";

test("health of the server and of models", async () => {
  await using started = await startServer(undefined, { allowGrpc: true });
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  check.equal((await client.call("ServerLive", {})).live, true);
  check.equal((await client.call("ServerReady", {})).ready, true);
  check.equal((await client.call("ModelReady", { name: "whole" })).ready, true);
  check.equal((await client.call("ModelReady", { name: "whole", version: "1" })).ready, true);
  const failure = await failureOf(client.call("ModelReady", { name: "nobody" }));
  check.deepEqual(failure, {
    code: status.NOT_FOUND,
    details: "Request for unknown model: 'nobody' is not found",
  });
  check.equal(
    await serving(client, "any.Service"),
    grpc.health.v1.HealthCheckResponse.ServingStatus.SERVING,
  );
});

function serving(client: GrpcClient, service = ""): Promise<number> {
  const { HealthCheckRequest: request, HealthCheckResponse: response } = grpc.health.v1;
  const call = client.unary("/grpc.health.v1.Health/Check", { request, response }, { service });
  return call.then((answer) => (answer as { status: number }).status);
}

test("health while the server starts and stops", async () => {
  await using on = await startFake();
  on.service.isServerReady = false;
  check.equal((await on.client.call("ServerReady", {})).ready, false);
  check.equal(
    await serving(on.client),
    grpc.health.v1.HealthCheckResponse.ServingStatus.NOT_SERVING,
  );
  on.service.state = "draining";
  const gone = (details: string) => ({ code: status.UNAVAILABLE, details });
  check.deepEqual(await failureOf(serving(on.client)), gone("Server exiting"));
  for (const name of ["ServerLive", "ServerReady"] as const) {
    check.deepEqual(await failureOf(on.client.call(name, {})), gone("Server exiting"));
  }
  const ready = on.client.call("ModelReady", { name: "echo" });
  check.deepEqual(await failureOf(ready), gone("Server not ready"));
  check.equal((await on.client.call("ServerMetadata", {})).name, "fake");
  check.deepEqual(
    await failureOf(on.client.infer({ modelName: "echo" })),
    gone("GRPC server is shutting down and has stopped accepting new requests."),
  );
});

test("Watch tells the status, and again when it changes, until the server stops", async () => {
  await using on = await startFake();
  const { SERVING, NOT_SERVING } = grpc.health.v1.HealthCheckResponse.ServingStatus;
  const told: number[] = [];
  const watch = on.client.watch();
  watch.on("data", (response: grpc.health.v1.HealthCheckResponse) => told.push(response.status));
  const ended = new Promise<number>((resolve) => {
    watch.on("status", ({ code }: { code: number }) => resolve(code));
  });
  watch.on("error", () => {});
  await until(() => told.length === 1);
  on.service.isServerReady = false;
  await until(() => told.length === 2);
  on.service.isServerReady = true;
  await until(() => told.length === 3);
  check.deepEqual(told, [SERVING, NOT_SERVING, SERVING]);
  on.frontend.stopStreams();
  check.equal(await ended, status.UNAVAILABLE);
  check.equal(on.frontend.openStreamCount, 0);
});

test("a watcher that leaves is forgotten", async () => {
  await using on = await startFake();
  const watch = on.client.watch();
  watch.on("error", () => {});
  watch.on("data", () => {});
  await until(() => on.frontend.openStreamCount === 1);
  watch.cancel();
  await until(() => on.frontend.openStreamCount === 0);
});

test("the configuration is typed", async () => {
  await using started = await startServer(undefined, { allowGrpc: true });
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  const { config } = await client.call("ModelConfig", { name: "add_sub" });
  const { DataType, ModelInstanceGroup } = inference;
  check.equal(config?.name, "add_sub");
  check.equal(config?.maxBatchSize, 8);
  check.deepEqual(
    config?.input.map(({ name, dataType, dims }) => [name, dataType, dims.map(Number)]),
    [
      ["INPUT0", DataType.TYPE_INT32, [16]],
      ["INPUT1", DataType.TYPE_INT32, [16]],
    ],
  );
  check.equal(config?.instanceGroup[0]?.kind, ModelInstanceGroup.Kind.KIND_CPU);
  check.deepEqual(config?.dynamicBatching?.preferredBatchSize, [8]);
  check.equal(config?.optimization?.inputPinnedMemory?.enable, true);
  check.equal(config?.versionPolicy?.latest?.numVersions, 1);
  check.equal(config?.modelTransactionPolicy, null);
});

test("statistics, of one model and of all", async () => {
  await using started = await startServer(undefined, { allowGrpc: true });
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  await client.infer({
    modelName: "whole",
    inputs: [{ name: "X", datatype: "FP32", shape: [1, 2] }],
    rawInputContents: [fp32(1, 2)],
  });
  const one = await client.call("ModelStatistics", { name: "whole", version: "1" });
  check.equal(one.modelStats.length, 1);
  const [stats] = one.modelStats;
  check.equal(stats?.version, "1");
  check.equal(Number(stats?.inferenceStats?.success?.count), 1);
  check.equal(Number(stats?.executionCount), 1);
  check.ok(Number(stats?.lastInference) > 1.6e12);
  const all = await client.call("ModelStatistics", {});
  check.deepEqual(
    all.modelStats.map(({ name }) => name),
    ["add_sub", "exact", "maybe", "mixed", "small", "throws", "whole"],
  );
  check.deepEqual(await failureOf(client.call("ModelStatistics", { name: "nobody" })), {
    code: status.INVALID_ARGUMENT,
    details: "requested model 'nobody' is not available",
  });
});

const no = "explicit model load / unload is not allowed if polling is enabled";
const refusals: readonly [UnaryName, object, number, string][] = [
  ["RepositoryModelLoad", { modelName: "m" }, status.UNAVAILABLE, no],
  ["RepositoryModelUnload", { modelName: "m" }, status.UNAVAILABLE, no],
  [
    "RepositoryModelLoad",
    { repositoryName: "r" },
    status.UNIMPLEMENTED,
    "'repository_name' specification is not supported",
  ],
  [
    "RepositoryModelUnload",
    { repositoryName: "r" },
    status.UNIMPLEMENTED,
    "'repository_name' specification is not supported",
  ],
  [
    "RepositoryModelLoad",
    { parameters: { X: { boolParam: true } } },
    status.INVALID_ARGUMENT,
    "unrecognized load parameter 'X'.",
  ],
  [
    "RepositoryModelLoad",
    { parameters: { config: { boolParam: true } } },
    status.INVALID_ARGUMENT,
    "invalid value type for load parameter 'config', expected string_param.",
  ],
  [
    "RepositoryModelLoad",
    { parameters: { "file:1/model.onnx": { stringParam: "" } } },
    status.INVALID_ARGUMENT,
    "invalid value type for load parameter 'file:1/model.onnx', expected bytes_param.",
  ],
  [
    "RepositoryModelUnload",
    { parameters: { unload_dependents: { int64Param: 1 } } },
    status.INVALID_ARGUMENT,
    "invalid value type for 'unload_dependents' parameter, expected bool_param.",
  ],
  [
    "SystemSharedMemoryStatus",
    { name: "r" },
    status.NOT_FOUND,
    "Unable to find system shared memory region: 'r'",
  ],
  [
    "CudaSharedMemoryStatus",
    { name: "r" },
    status.NOT_FOUND,
    "Unable to find cuda shared memory region: 'r'",
  ],
  ...(["System", "Cuda"] as const).flatMap((kind) =>
    (["Register", "Unregister"] as const).map((what): (typeof refusals)[number] => [
      `${kind}SharedMemory${what}`,
      {},
      status.UNIMPLEMENTED,
      "Client shared memory is disabled: this server has none",
    ]),
  ),
  [
    "TraceSetting",
    {},
    status.UNIMPLEMENTED,
    "this server does not trace: there are no trace settings",
  ],
  [
    "LogSettings",
    {},
    status.UNIMPLEMENTED,
    "log settings can not be read or changed through network protocol",
  ],
];

test("what this server does not have", async () => {
  await using on = await startFake();
  for (const [name, request, code, details] of refusals) {
    check.deepEqual(await failureOf(on.client.call(name, request)), { code, details }, name);
  }
  check.deepEqual((await on.client.call("SystemSharedMemoryStatus", {})).regions, {});
  check.deepEqual((await on.client.call("CudaSharedMemoryStatus", {})).regions, {});
});

type Answer = grpc.reflection.v1.ServerReflectionResponse;

async function reflect(
  client: GrpcClient,
  version: string,
  questions: readonly object[],
): Promise<readonly Answer[]> {
  const { ServerReflectionRequest, ServerReflectionResponse } = grpc.reflection.v1;
  const call = client.client.makeBidiStreamRequest(
    `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
    (message: object) => Buffer.from(ServerReflectionRequest.encode(message).finish()),
    (bytes: Buffer) => ServerReflectionResponse.decode(bytes),
  );
  for (const question of questions) call.write(question);
  call.end();
  const answers: Answer[] = [];
  for await (const answer of call) answers.push(answer as Answer);
  return answers;
}

/** The second field of a file is its package. */
function packageOf(answer: Answer | undefined): string {
  const [file = new Uint8Array()] = answer?.fileDescriptorResponse?.fileDescriptorProto ?? [];
  const reader = protobuf.Reader.create(file);
  reader.uint32();
  reader.bytes();
  reader.uint32();
  return reader.string();
}

for (const version of ["v1", "v1alpha"]) {
  test(`reflection ${version}`, async () => {
    await using on = await startFake();
    const answers = await reflect(on.client, version, [
      { listServices: "" },
      { fileContainingSymbol: "inference.GRPCInferenceService.ModelInfer" },
      { fileContainingSymbol: "inference.ModelInferRequest.InferInputTensor" },
      { fileByFilename: "grpc_health_v1.proto" },
      { fileContainingSymbol: "inference.Nobody" },
      { allExtensionNumbersOfType: "inference.ModelConfig" },
    ]);
    check.deepEqual(
      answers[0]?.listServicesResponse?.service.map(({ name }) => name),
      [
        "inference.GRPCInferenceService",
        "grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection",
        "grpc.reflection.v1alpha.ServerReflection",
      ],
    );
    check.deepEqual(answers.slice(1, 4).map(packageOf), [
      "inference",
      "inference",
      "grpc.health.v1",
    ]);
    const codes = answers.slice(4).map(({ errorResponse }) => errorResponse?.errorCode);
    check.deepEqual(codes, [status.NOT_FOUND, status.NOT_FOUND]);
    check.equal(answers[4]?.originalRequest?.fileContainingSymbol, "inference.Nobody");
    await until(() => on.frontend.openStreamCount === 0);
  });
}

test("reflection can be switched off", async () => {
  await using on = await startFake({ hasReflection: false });
  const { code } = await failureOf(reflect(on.client, "v1", [{ listServices: "" }]));
  check.equal(code, status.UNIMPLEMENTED);
});
