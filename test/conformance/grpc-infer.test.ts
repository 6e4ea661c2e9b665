/**
 * ModelInfer over a real port: contents, responses, errors, deadlines, cancellation, compression.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { compressionAlgorithms, Metadata, status } from "@grpc/grpc-js";
import { ByteBudget } from "../../dist/core/byte-budget.js";
import { InferenceError } from "../../dist/protocol/errors.js";
import { HeldCalls, heldModel } from "../held-model.ts";
import { until } from "../until.ts";
import { startFake } from "./fake-service.ts";
import { failureOf, fp32, GrpcClient, inference, readFp32 } from "./grpc-client.ts";
import { openCall, openSession } from "./raw-grpc.ts";
import { startServer } from "./server.ts";

const raw = {
  modelName: "whole",
  inputs: [{ name: "X", datatype: "FP32", shape: [1, 2] }],
  rawInputContents: [fp32(1, 2)],
};

async function startGrpc(...args: Parameters<typeof startServer>) {
  const [models, options] = args;
  const started = await startServer(models, { ...options, allowGrpc: true });
  const client = new GrpcClient(started.server.urls.grpc ?? "");
  const close = async (): Promise<void> => {
    client[Symbol.dispose]();
    await started[Symbol.asyncDispose]();
  };
  return { client, server: started.server, [Symbol.asyncDispose]: close };
}

test("contents, raw or typed, come back raw", async () => {
  await using on = await startGrpc();
  const typed = {
    ...raw,
    inputs: [{ ...raw.inputs[0], contents: { fp32Contents: [1, 2] } }],
    rawInputContents: [],
  };
  for (const request of [raw, typed]) {
    const response = await on.client.infer({ ...request, id: "seven" });
    const { modelName, modelVersion, id, outputs, rawOutputContents } = response;
    check.deepEqual([modelName, modelVersion, id], ["whole", "1", "seven"]);
    check.deepEqual([outputs[0]?.name, outputs[0]?.datatype], ["X", "FP32"]);
    check.deepEqual(outputs[0]?.shape.map(Number), [1, 2]);
    check.equal(outputs[0]?.contents, null);
    check.deepEqual(readFp32(rawOutputContents[0]), [1, 2]);
    check.equal(rawOutputContents.length, outputs.length);
  }
});

test("times come behind the response", async () => {
  await using on = await startGrpc();
  const trailers = new Promise<Metadata>((resolve) => {
    const seen = (call: NodeJS.EventEmitter) =>
      call.on("status", ({ metadata }: { metadata: Metadata }) => resolve(metadata));
    on.client.infer(raw, { seen }).catch(() => {});
  });
  const [timing] = (await trailers).get("server-timing");
  check.match(String(timing), /^queue;dur=[\d.]+, batch;dur=[\d.]+, compute;dur=[\d.]+, encode;/);
});

test("a request that does not parse, and a call that is unknown", async () => {
  await using on = await startGrpc();
  const garbage = Uint8Array.of(0x0a, 0x7f);
  for (const call of ["ModelInfer", "ModelMetadata"]) {
    check.deepEqual(await failureOf(on.client.raw(call, garbage)), {
      code: status.INTERNAL,
      details: "Unable to parse request",
    });
  }
  const unknown = await failureOf(on.client.raw("ModelDance", garbage));
  check.deepEqual(unknown, { code: status.UNIMPLEMENTED, details: "" });
  const metadata = await on.client.raw("ServerMetadata", Uint8Array.of(0x72, 1, 7));
  check.equal(inference.ServerMetadataResponse.decode(metadata).name, "triton");
});

test("what a model throws is told as over HTTP", async () => {
  await using on = await startGrpc();
  const inputs = [{ name: "X", datatype: "FP32", shape: [1, 1] }];
  const call = on.client.infer({ modelName: "throws", inputs, rawInputContents: [fp32(1)] });
  const { code, details } = await failureOf(call);
  check.equal(code, status.INTERNAL);
  check.doesNotMatch(details, /\.js:\d/);
});

/** Of the model "held". */
async function failedCount(client: GrpcClient): Promise<number> {
  const { modelStats } = await client.call("ModelStatistics", { name: "held" });
  return Number(modelStats[0]?.inferenceStats?.fail?.count);
}

test("a deadline in the queue: the request never runs", async () => {
  const calls = new HeldCalls();
  await using on = await startGrpc(heldModel("held", calls, { maxBatchSize: 1 }));
  const request = { modelName: "held", inputs: raw.inputs, rawInputContents: [fp32(1, 2)] };
  const first = on.client.infer({ ...request, id: "first" });
  const running = await calls.next();
  const late = on.client.infer({ ...request, id: "late" }, { deadline: Date.now() + 30 });
  check.equal((await failureOf(late)).code, status.DEADLINE_EXCEEDED);
  // Both sides have a clock.
  await until(async () => (await failedCount(on.client)) === 1);
  running.release();
  await first;
  check.deepEqual(
    calls.seen.flatMap(({ ids }) => ids),
    ["first"],
  );
});

test("a client that cancels: out of the queue, or the model's signal", async () => {
  const calls = new HeldCalls();
  await using on = await startGrpc(heldModel("held", calls, { maxBatchSize: 1 }));
  const request = { modelName: "held", inputs: raw.inputs, rawInputContents: [fp32(1, 2)] };
  const cancels: (() => void)[] = [];
  const ask = (id: string) => {
    const seen = (call: { cancel(): void }) => cancels.push(() => call.cancel());
    return failureOf(on.client.infer({ ...request, id }, { seen }));
  };
  const failures = [ask("runs"), ask("waits")];
  const running = await calls.next();
  for (const cancel of cancels) cancel();
  for (const { code } of await Promise.all(failures)) check.equal(code, status.CANCELLED);
  await until(() => running.signal.aborted);
  running.release();
  await until(async () => (await failedCount(on.client)) === 2);
  check.equal(calls.seen.length, 1);
});

test("a request that is cancelled in the core gets CANCELLED, and a text", async () => {
  await using on = await startFake();
  on.service.onInfer = (request) =>
    request.fail(new InferenceError("CANCELLED", "Request cancelled"));
  check.deepEqual(await failureOf(on.client.infer({ modelName: "echo" })), {
    code: status.CANCELLED,
    details: "Request cancelled",
  });
});

test("streaming models are refused", async () => {
  await using on = await startFake();
  check.deepEqual(await failureOf(on.client.infer({ modelName: "stream" })), {
    code: status.UNIMPLEMENTED,
    details: "ModelInfer RPC doesn't support models with decoupled transaction policy",
  });
});

test("a long text, and half a character, do not break the status", async () => {
  await using on = await startFake();
  on.service.onInfer = (request) =>
    request.fail(new InferenceError("INTERNAL", `\ud800 ${"ü€😀".repeat(5000)}`));
  const { code, details } = await failureOf(on.client.infer({ modelName: "echo" }));
  check.equal(code, status.INTERNAL);
  check.match(details, /^\ufffd (ü€😀)+(ü€?)?…$/);
});

test("requests may be compressed, up to a size", async () => {
  await using on = await startFake({ maxInputBytes: 1000 });
  on.service.onInfer = (request) => request.say(3, true);
  for (const algorithm of [compressionAlgorithms.gzip, compressionAlgorithms.deflate]) {
    const client = new GrpcClient(`127.0.0.1:${on.port}`, undefined, {
      "grpc.default_compression_algorithm": algorithm,
    });
    const ask = (size: number) =>
      client.infer({
        modelName: "echo",
        inputs: [{ name: "X", datatype: "UINT8", shape: [size] }],
        rawInputContents: [new Uint8Array(size)],
      });
    check.equal((await ask(900)).rawOutputContents[0]?.byteLength, 3);
    check.equal((await failureOf(ask(100_000))).code, status.RESOURCE_EXHAUSTED);
    client[Symbol.dispose]();
  }
});

for (const compression of ["low", "medium", "high"] as const) {
  test(`responses are compressed: ${compression}`, async () => {
    await using on = await startFake({ compression });
    on.service.onInfer = (request) => request.say(100_000, true);
    const response = await on.client.infer({ modelName: "echo" });
    check.deepEqual(new Set(response.rawOutputContents[0]), new Set([7]));
    const stream = on.client.stream();
    for (const id of ["a", "b", "c"]) stream.send({ modelName: "echo", id });
    const ids = (await stream.take(3)).map(({ inferResponse }) => inferResponse?.id);
    check.deepEqual(ids, ["a", "b", "c"]);
    check.equal((await stream.end()).code, status.OK);
    const brief = on.client.stream();
    for (const id of ["a", "b", "c"]) brief.send({ modelName: "echo", id });
    check.equal((await brief.end()).code, status.OK);
    check.equal(brief.received.length, 3);
    check.deepEqual(await encodingFor(on.port, "gzip"), ["gzip", 1]);
    check.deepEqual(await encodingFor(on.port, "deflate,br"), ["deflate", 1]);
    check.deepEqual(await encodingFor(on.port, "identity"), ["identity", 0]);
    const failed = on.client.infer({ modelName: "nobody" });
    check.equal((await failureOf(failed)).code, status.NOT_FOUND);
  });
}

/** What a client that says so gets: the encoding, and the flag of the message. */
async function encodingFor(port: number, accepted: string): Promise<readonly unknown[]> {
  const session = openSession({ port });
  const stream = openCall(session, "ModelInfer", { "grpc-accept-encoding": accepted });
  stream.end(Buffer.from([0, 0, 0, 0, 6, 0x0a, 4, ...Buffer.from("echo")]));
  const [headers] = await once(stream, "response");
  const [chunk] = await once(stream, "data");
  session.destroy();
  return [headers["grpc-encoding"], (chunk as Buffer)[0]];
}

test("metadata become parameters by a pattern", async () => {
  await using on = await startFake({ forwardPattern: /^x-/i });
  on.service.onInfer = (request) => request.say(1, true);
  const metadata = new Metadata();
  metadata.set("x-user", "me");
  metadata.set("other", "not me");
  await on.client.infer({ modelName: "echo" }, { metadata });
  check.deepEqual({ ...on.service.requests[0]?.request.parameters }, { "x-user": "me" });
});

test("reserved names are not forwarded", async () => {
  await using on = await startFake({ forwardPattern: /./ });
  const metadata = new Metadata();
  metadata.set("sequence_id", "7");
  check.deepEqual(await failureOf(on.client.infer({ modelName: "echo" }, { metadata })), {
    code: status.INVALID_ARGUMENT,
    details: "Header 'sequence_id' is reserved for Triton usage and cannot be forwarded.",
  });
});

test("a large message, and one that is larger than what may arrive at once", async () => {
  await using on = await startFake({ receivedBytes: new ByteBudget(20_000_000) });
  on.service.onInfer = (request) => request.say(10_000_000, true);
  const ask = (size: number) =>
    on.client.infer({
      modelName: "echo",
      inputs: [{ name: "X", datatype: "UINT8", shape: [size] }],
      rawInputContents: [new Uint8Array(size)],
    });
  check.equal((await ask(10_000_000)).rawOutputContents[0]?.byteLength, 10_000_000);
  const { code, details } = await failureOf(ask(30_000_000));
  check.equal(code, status.UNAVAILABLE);
  check.match(details, /receives too much at once/);
  check.equal(on.receivedBytes.usedBytes, 0);
  check.equal(on.service.requests.length, 1);
});
