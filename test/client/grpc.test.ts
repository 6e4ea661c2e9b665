/**
 * The client over gRPC against this server: values of every datatype, parameters, what there is to
 * ask, errors and their kinds, connections.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer as createTcp, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createServer, fp32, model } from "shoal";
import { createClient as createHttpClient } from "shoal/client";
import { type ClientError, createClient, responseOf, Tensor } from "shoal/client/grpc";
import { quietLoopback } from "../conformance/server.ts";
import { root } from "../repository.ts";
import { startForeign, status } from "./foreign-grpc.ts";
import { errorOf, everyType, freePort, startGrpc } from "./grpc-models.ts";

const values = {
  BOOL: [true, false],
  INT8: [-128, 127],
  INT16: [-32768, 32767],
  INT32: [-2147483648, 2147483647],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT8: [0, 255],
  UINT16: [0, 65535],
  UINT32: [0, 4294967295],
  UINT64: [0n, 2n ** 64n - 1n],
  FP16: Uint16Array.of(0x3c00, 0xc000),
  BF16: Uint16Array.of(0x3f80, 0xc000),
  FP32: [-1.5, Number.POSITIVE_INFINITY],
  FP64: [Math.PI, -0],
  BYTES: ["", "grüß dich 🐟"],
};

test("values of every datatype come back as they went", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const outputs = await client.model<typeof everyType>("every").infer(values as never, { id: "a" });
  for (const [name, sent] of Object.entries(values)) {
    const got = outputs[name as keyof typeof values];
    check.deepEqual(got.shape, [2], name);
    const isBits = ArrayBuffer.isView(sent);
    check.deepEqual(isBits ? got.data : got.toNested(), sent, name);
  }
  const { id, modelName, modelVersion, timing } = responseOf(outputs);
  check.deepEqual(
    { id, modelName, modelVersion },
    { id: "a", modelName: "every", modelVersion: "1" },
  );
  check.equal(typeof timing?.computeMs, "number");
});

test("the most likely classes", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const outputs = [
    { name: "FP32", classes: 1 },
    { name: "UINT64", classes: 2 },
  ];
  const { FP32, UINT64 } = await client.model("every").infer(values as never, { outputs });
  check.deepEqual(
    [FP32?.toNested(), UINT64?.toNested()],
    [["inf:1"], [`${2n ** 64n - 1n}:1`, "0:0"]],
  );
});

test("tensors without elements, and many of them", async () => {
  await using on = await startGrpc();
  using client = on.connect({ compression: { request: "gzip" } });
  const none = Object.fromEntries(Object.keys(values).map((name) => [name, []]));
  const many = { ...none, FP32: Float32Array.from({ length: 200_000 }, (_, index) => index) };
  const { FP32, BYTES } = await client.model<typeof everyType>("every").infer(many as never);
  check.deepEqual(FP32.data, many.FP32);
  check.deepEqual(BYTES.toNested(), []);
});

test("parameters keep their kinds", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const parameters = { t: "text", b: false, i: -7, d: 0.5, w: 2n ** 62n + 1n };
  const { TOLD } = await client.model("told").infer({ X: [1] }, { id: "x", parameters });
  check.deepEqual(TOLD?.toNested(), [
    "x",
    "b: boolean false",
    "d: number 0.5",
    "i: number -7",
    "t: string text",
    `w: bigint ${2n ** 62n + 1n}`,
  ]);
});

test("questions are answered as over HTTP", async () => {
  await using on = await startGrpc();
  using grpc = on.connect();
  using http = createHttpClient(on.started.url);
  for (const client of [grpc, http]) {
    check.equal(await client.isLive(), true);
    check.equal(await client.isReady(), true);
    await client.waitReady();
    check.equal(await client.model("every").isReady(), true);
    check.equal(await client.model("nobody").isReady(), false);
  }
  await grpc.model("held").config();
  check.deepEqual(await grpc.metadata(), await http.metadata());
  check.deepEqual(await grpc.index(), await http.index());
  check.deepEqual(await grpc.index({ isReadyOnly: true }), await http.index({ isReadyOnly: true }));
  check.deepEqual(await grpc.statistics(), await http.statistics());
  for (const name of ["every", "count", "held"]) {
    check.deepEqual(await grpc.model(name).metadata(), await http.model(name).metadata());
    check.deepEqual(await grpc.model(name).config(), await http.model(name).config());
    check.deepEqual(await grpc.model(name, 1).statistics(), await http.model(name).statistics());
  }
});

test("the configuration of priorities has its levels", async () => {
  const queued = model("queued", {
    inputs: { X: fp32(1) },
    outputs: { X: fp32(1) },
    maxBatchSize: 4,
    batching: { priorities: { levels: 3, default: 2, queues: { 1: { maxSize: 5 } } } },
    infer: ({ X }) => ({ X }),
  });
  await using server = createServer(queued, { ...quietLoopback, allowGrpc: true });
  await server.listen();
  await server.ready;
  using grpc = createClient(`grpc://${server.urls.grpc}`);
  using http = createHttpClient(server.urls.http ?? "");
  check.deepEqual(await grpc.model("queued").config(), await http.model("queued").config());
});

test("what a server does not have, it says in its own words", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const load = await errorOf(
    client.load("every", { config: { a: 1 }, files: { "1/x": Buffer.of(1) } }),
  );
  check.deepEqual([load.kind, load.code, load.status], ["refused", "UNAVAILABLE", 14]);
  check.match(load.message, /^explicit model load/);
  check.match((await errorOf(client.unload("every"))).message, /^explicit model load/);
  const settings = await errorOf(client.logSettings({ log_info: true }));
  check.deepEqual([settings.kind, settings.code], ["server", "UNIMPLEMENTED"]);
  check.equal((await errorOf(client.traceSettings())).code, "UNIMPLEMENTED");
});

test("errors of the server are told apart by code and kind", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const missing = await errorOf(client.model("nobody").infer({ X: [1] }, { id: "i" }));
  check.deepEqual([missing.kind, missing.code, missing.status], ["server", "NOT_FOUND", 5]);
  check.match(missing.message, /^Request for unknown model: 'nobody'/);
  check.equal(missing.isRetrySafe, false);
  const unary = await errorOf(client.model("count").infer({ N: [1] }));
  check.deepEqual([unary.kind, unary.code], ["server", "UNIMPLEMENTED"]);
  const held = client.model("held").infer({ X: [[1]] });
  (await on.held.next()).fail(new Error("broken"));
  const failed = await errorOf(held);
  check.equal(failed.kind, "server");
  const wrong = await errorOf(client.model("held").infer({ X: [[1]] }, { headers: { "a b": "" } }));
  check.deepEqual(
    [wrong.kind, wrong.message],
    ["invalid", "option 'headers' or 'token': header 'a b' cannot be sent over gRPC"],
  );
});

test("a signal cancels a request, in the server, too", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const controller = new AbortController();
  const pending = client.model("held").infer({ X: [[1]] }, { signal: controller.signal });
  const call = await on.held.next();
  controller.abort(new Error("enough"));
  const error = await errorOf(pending);
  check.deepEqual([error.kind, error.code], ["cancelled", "CANCELLED"]);
  check.equal((error.cause as Error).message, "enough");
  if (!call.signal.aborted) await once(call.signal, "abort");
  call.release();
});

test("a request that takes too long ends by the client's own limit", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const error = await errorOf(client.model("held").infer({ X: [[1]] }, { requestTimeoutMs: 1 }));
  check.deepEqual([error.kind, error.code], ["timeout", "DEADLINE_EXCEEDED"]);
});

test("no server: nothing was sent, so it is safe to try again", async () => {
  const port = await freePort();
  using client = createClient(`grpc://127.0.0.1:${port}`, { maxRetries: 0 });
  const error = await errorOf(client.isLive());
  check.deepEqual([error.kind, error.isRetrySafe, error.status], ["connection", true, undefined]);
  check.match(error.message, /^cannot reach 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
});

test("a server that starts later is waited for", async () => {
  const port = await freePort();
  using client = createClient(`grpc://localhost:${port}`);
  const waiting = client.waitReady();
  await errorOf(client.isLive({ maxRetries: 0 }));
  await using server = createServer(everyType, {
    ...quietLoopback,
    allowGrpc: true,
    grpcPort: port,
  });
  await server.listen();
  await waiting;
  check.equal(await client.isReady(), true);
});

test("one that does not speak is given up", async () => {
  const sockets: Socket[] = [];
  const silent = createTcp((socket) => sockets.push(socket)).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const { port } = silent.address() as AddressInfo;
  using client = createClient(`grpcs://localhost:${port}`, { connectTimeoutMs: 20, maxRetries: 0 });
  const error = await errorOf(client.isLive());
  check.deepEqual([error.kind, error.isRetrySafe], ["timeout", true]);
  check.match(error.message, /^no connection within 20 ms/);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test("a connection that breaks in mid-call may have done something", async () => {
  await using on = await startGrpc();
  const upstream = Number(on.url.split(":").at(-1));
  const sockets: Socket[] = [];
  const proxy = createTcp((near) => {
    const far = connect(upstream, "127.0.0.1");
    for (const socket of [near, far]) socket.on("error", () => {});
    near.pipe(far).pipe(near);
    sockets.push(near, far);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  using client = createClient(`grpc://127.0.0.1:${port}`);
  const unary = errorOf(client.model("held").infer({ X: [[1]] }));
  await on.held.next();
  const stream = client.model("count").stream({ N: [1000] });
  await stream.next();
  for (const socket of sockets) socket.destroy();
  for (const error of [await unary, await errorOf(stream.next())]) {
    check.deepEqual([error.kind, error.isRetrySafe], ["connection", false]);
    check.match(error.message, /broke/);
  }
  check.equal(await client.isLive(), true);
  client.close();
  proxy.close();
  for (const socket of sockets) socket.destroy();
});

test("refused by the server: said so, and tried again", async () => {
  let count = 0;
  await using foreign = await startForeign({
    infer: () => {
      count += 1;
      return { code: status.UNAVAILABLE, details: "No connection established, said the server" };
    },
  });
  using client = foreign.connect({ maxRetries: 1 });
  const error: ClientError = await errorOf(client.model("m").infer({ X: [1] }));
  check.deepEqual([error.kind, error.code, error.status], ["refused", "UNAVAILABLE", 14]);
  check.equal(error.message, "No connection established, said the server");
  check.equal(count, 2);
});

test("codes that are unknown here become UNKNOWN", async () => {
  await using foreign = await startForeign({
    infer: () => ({ code: status.DATA_LOSS, details: "d" }),
  });
  using client = foreign.connect();
  const error = await errorOf(client.model("m").infer({ X: [1] }));
  check.deepEqual([error.kind, error.code, error.status], ["server", "UNKNOWN", 15]);
});

test("headers and the token go as metadata", async () => {
  const seen: unknown[] = [];
  await using foreign = await startForeign({
    infer: (_, metadata) => {
      const { authorization, "x-a": a } = metadata.getMap();
      seen.push(authorization, a);
      return {};
    },
  });
  using client = foreign.connect({ token: "secret", headers: { "X-A": "1" } });
  await client.model("m").infer({ X: [1] });
  check.deepEqual(seen, ["Bearer secret", "1"]);
});

test("answers longer than the limit are an error", async () => {
  await using on = await startGrpc();
  using client = on.connect({ maxResponseBytes: 10_000 });
  const X = Tensor.from("FP32", new Float32Array(5000), [1, 5000]);
  const pending = client.model("held").infer({ X });
  (await on.held.next()).release();
  const error = await errorOf(pending);
  check.equal(error.kind, "answer");
  check.match(error.message, /longer than 10000 bytes \(option 'maxResponseBytes'\)/);
});

test("TLS, with certificates of one's own", async () => {
  const pem = (name: string): string => join(root, "test/tls", name);
  const read = (name: string): Buffer => readFileSync(pem(name));
  await using server = createServer(everyType, {
    ...quietLoopback,
    allowGrpc: true,
    grpcUseSslMutual: true,
    grpcServerKey: pem("server.key"),
    grpcServerCert: pem("server.pem"),
    grpcRootCert: pem("root.pem"),
  });
  await server.listen();
  const url = `grpcs://${server.urls.grpc?.replace("127.0.0.1", "localhost")}`;
  const tls = { ca: read("root.pem"), cert: read("client.pem"), key: read("client.key") };
  using client = createClient(url, { tls });
  check.equal(await client.isLive(), true);
  using stranger = createClient(url, { maxRetries: 0 });
  check.equal((await errorOf(stranger.isLive())).kind, "connection");
});

test("a closed client, and wrong options", async () => {
  await using on = await startGrpc();
  const client = on.connect();
  const pending = errorOf(client.model("held").infer({ X: [[1]] }));
  const call = await on.held.next();
  client.close();
  check.equal((await pending).kind, "cancelled");
  check.equal((await errorOf(client.isLive())).kind, "cancelled");
  call.release();
  check.throws(() => createClient("grpc://host/path"), /gRPC has no path '\/path'/);
  check.throws(() => createClient("grpcs://host", { tls: { ca: "no PEM", cert: "x", key: "y" } }), {
    kind: "invalid",
    message: /^createClient: option 'tls': /,
  });
  using http = createClient(on.started.url);
  check.equal(await http.isLive(), true);
});
