/**
 * The gRPC port of a server: where it is, what keeps it from opening, TLS, and how it ends.
 *
 * The certificates in test/tls/ were made with openssl for these tests alone, and are good for a
 * hundred years: a root, a server and a client signed by it, and a stranger.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { credentials, status } from "@grpc/grpc-js";
import { createServer, fp32, model } from "shoal";
import { fp32 as bytes, failureOf, GrpcClient } from "../conformance/grpc-client.ts";
import { quietLoopback } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { pem } from "../tls/pem.ts";
import { until } from "../until.ts";

const withGrpc = { ...quietLoopback, allowGrpc: true };

const echo = model("echo", {
  inputs: { X: fp32(-1) },
  outputs: { X: fp32(-1) },
  infer: ({ X }) => ({ X }),
});

const request = {
  modelName: "echo",
  inputs: [{ name: "X", datatype: "FP32", shape: [1, 1] }],
  rawInputContents: [bytes(5)],
};

test("it is at an address while the server listens", async () => {
  const server = createServer(echo, withGrpc);
  check.equal(server.urls.grpc, undefined);
  await server.listen();
  check.match(server.urls.grpc ?? "", /^127\.0\.0\.1:\d+$/);
  using client = new GrpcClient(server.urls.grpc ?? "");
  check.equal((await client.call("ServerLive", {})).live, true);
  await server.close();
  check.equal(server.urls.grpc, undefined);
});

test("its address is that of HTTP, unless it is given another", async () => {
  await using server = createServer(echo, { ...withGrpc, grpcAddress: "127.0.0.2" });
  await server.listen();
  check.match(server.urls.grpc ?? "", /^127\.0\.0\.2:/);
});

test("a port in use is told, and may be tried again", async () => {
  await using other = createServer(echo, withGrpc);
  await other.listen();
  const port = Number(other.urls.grpc?.split(":")[1]);
  await using server = createServer(echo, { ...withGrpc, grpcPort: port });
  const message =
    `Socket '127.0.0.1:${port}' already in use, for gRPC: stop what listens there, or choose ` +
    "another with 'grpcPort' or --grpc-port";
  await check.rejects(server.listen(), { message });
  await other.close();
  await server.listen();
  check.equal(server.urls.grpc, `127.0.0.1:${port}`);
});

const wrong: readonly [object, RegExp][] = [
  [{ grpcUseSsl: true }, /^gRPC over TLS needs the file of 'grpcServerKey'$/],
  [
    { grpcUseSsl: true, grpcServerKey: pem("server.key"), grpcServerCert: "/nowhere/cert" },
    /^the file of 'grpcServerCert' cannot be read: ENOENT/,
  ],
  [
    {
      grpcUseSslMutual: true,
      grpcServerKey: pem("server.key"),
      grpcServerCert: pem("server.pem"),
    },
    /^gRPC over TLS needs the file of 'grpcRootCert'$/,
  ],
  [
    {
      grpcUseSsl: true,
      grpcServerKey: fileURLToPath(import.meta.url),
      grpcServerCert: pem("server.pem"),
    },
    /^gRPC cannot use these certificates: /,
  ],
];

test("TLS that is not set up properly keeps the server from listening", async () => {
  for (const [options, message] of wrong) {
    await using server = createServer(echo, { ...withGrpc, ...options });
    await check.rejects(server.listen(), { message });
  }
});

const tls = {
  ...withGrpc,
  grpcServerKey: pem("server.key"),
  grpcServerCert: pem("server.pem"),
  grpcRootCert: pem("root.pem"),
};

function clientFor(host: string, certificate?: string): GrpcClient {
  const root = readFileSync(pem("root.pem"));
  const own = certificate === undefined ? [] : [`${certificate}.key`, `${certificate}.pem`];
  const [key = null, chain = null] = own.map((name) => readFileSync(pem(name)));
  const localhost = host.replace("127.0.0.1", "localhost");
  return new GrpcClient(localhost, credentials.createSsl(root, key, chain));
}

test("TLS", async () => {
  await using server = createServer(echo, { ...tls, grpcUseSsl: true });
  await server.listen();
  await server.ready;
  const host = server.urls.grpc ?? "";
  using client = clientFor(host);
  check.equal((await client.infer(request)).modelName, "echo");
  using plain = new GrpcClient(host);
  check.equal((await failureOf(plain.infer(request))).code, status.UNAVAILABLE);
  using still = clientFor(host);
  check.equal((await still.call("ServerLive", {})).live, true);
});

test("mutual TLS: only who has a certificate of the root", async () => {
  await using server = createServer(echo, { ...tls, grpcUseSslMutual: true });
  await server.listen();
  await server.ready;
  const host = server.urls.grpc ?? "";
  using client = clientFor(host, "client");
  check.equal((await client.infer(request)).modelName, "echo");
  using nobody = clientFor(host);
  check.equal((await failureOf(nobody.infer(request))).code, status.UNAVAILABLE);
  using stranger = clientFor(host, "stranger");
  check.equal((await failureOf(stranger.infer(request))).code, status.UNAVAILABLE);
});

test("close() answers what runs, and ends streams", async () => {
  const calls = new HeldCalls();
  const server = createServer(heldModel("held", calls, { instances: { count: 2 } }), withGrpc);
  await server.ready;
  await server.listen();
  using client = new GrpcClient(server.urls.grpc ?? "");
  const held = { ...request, modelName: "held" };
  const running = client.infer({ ...held, id: "unary" });
  const [busy, idle] = [client.stream(), client.stream()];
  const unary = await calls.next();
  busy.send({ ...held, id: "streamed" });
  const streamed = await calls.next();
  idle.send({ ...held, modelName: "nobody" });
  await idle.next();
  const closing = server.close();
  const text = "GRPC server is shutting down and has stopped accepting new requests.";
  check.deepEqual(await idle.status, { code: status.UNAVAILABLE, details: text });
  const late = failureOf(client.infer(held));
  busy.send({ ...held, id: "late" });
  check.deepEqual(await late, { code: status.UNAVAILABLE, details: text });
  unary.release();
  check.equal((await running).id, "unary");
  streamed.release();
  check.equal((await busy.next())?.inferResponse?.id, "streamed");
  check.equal((await busy.next())?.errorMessage, text);
  check.deepEqual(await busy.status, { code: status.UNAVAILABLE, details: text });
  await closing;
  check.equal(calls.seen.length, 2);
});

test("close() with a limit: what is left is cut", async () => {
  const calls = new HeldCalls();
  const server = createServer(heldModel("held", calls), withGrpc);
  await server.ready;
  await server.listen();
  using client = new GrpcClient(server.urls.grpc ?? "");
  const stream = client.stream();
  stream.send({ ...request, modelName: "held" });
  const running = await calls.next();
  await server.close({ timeoutMs: 20 });
  check.equal((await stream.status).code, status.UNAVAILABLE);
  await until(() => running.signal.aborted);
  running.release();
});

test("a connection that has lived long enough is told to go", async () => {
  await using server = createServer(echo, { ...withGrpc, grpcMaxConnectionAgeMs: 30 });
  await server.listen();
  const session = connect(`http://${server.urls.grpc}`);
  await once(session, "goaway");
  session.destroy();
});

test("a mounted server opens no port for gRPC", async () => {
  await using server = createServer(echo, withGrpc);
  await server.ready;
  check.equal(server.urls.grpc, undefined);
});
