/**
 * What the rows and defects of PyTriton's clients are tested with: clients of both protocols, of a
 * server of ours, or of one that only writes down what it is asked.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { createServer as createHttp, type IncomingHttpHeaders } from "node:http";
import { createServer as createHttp2, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Models, Server, ServerOptions } from "shoal";
import { type Client, ClientError, createClient } from "shoal/client/grpc";
import type { NodeClientOptions } from "../../dist/client/node-client.js";
import { serving } from "./guide-fixture.ts";

export interface Served {
  readonly server: Server;
  readonly urls: readonly string[];
  /** One of each protocol. */
  clients(options?: NodeClientOptions): readonly Client[];
}

/** Over HTTP and gRPC, until the test has ended. */
export async function served(
  context: TestContext,
  models: Models,
  options: ServerOptions = {},
): Promise<Served> {
  const server = await serving(context, models, { allowGrpc: true, ...options });
  await server.listen();
  const urls = [String(server.urls.http), `grpc://${server.urls.grpc}`];
  return {
    server,
    urls,
    clients: (options) => urls.map((url) => connected(context, url, options)),
  };
}

/** Closed when the test has ended. */
export function connected(
  context: TestContext,
  url: string,
  options: NodeClientOptions = {},
): Client {
  const client = createClient(url, options);
  context.after(() => client.close());
  return client;
}

/** What a client asked for. */
interface Asked {
  /** `m/infer` or `ModelInfer`: the path without what they all begin with. */
  readonly what: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Writer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** How often it was asked that. */
  countOf(what: string): number;
}

const free = { datatype: "FP32", shape: [-1, -1] };
const documents: Readonly<Record<string, object>> = {
  m: {
    name: "m",
    versions: ["1"],
    platform: "",
    inputs: [{ name: "x", ...free }],
    outputs: [{ name: "y", ...free }],
  },
  "m/config": { name: "m", max_batch_size: 8 },
  "m/infer": {
    model_name: "m",
    model_version: "1",
    outputs: [{ name: "y", datatype: "FP32", shape: [1, 1], data: [1] }],
  },
};

/** A server that has a model `m`, and writes down what it is asked. */
export async function writerOfHttp(
  context: TestContext,
  statusOf: (what: string, count: number) => number = () => 200,
): Promise<Writer> {
  const asked: Asked[] = [];
  const countOf = (what: string): number => asked.filter((each) => each.what === what).length;
  const server = createHttp((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const what = (request.url ?? "").replace(/^\/v2\/?(models\/)?/, "");
      asked.push({ what, headers: request.headers, body });
      response.statusCode = statusOf(what, countOf(what));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(documents[what] ?? {}));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, countOf };
}

/** The same over gRPC: all its answers are empty messages. */
export async function writerOfGrpc(context: TestContext): Promise<Writer> {
  const asked: Asked[] = [];
  const countOf = (what: string): number => asked.filter((each) => each.what === what).length;
  const sessions: ServerHttp2Session[] = [];
  const server = createHttp2().listen(0, "127.0.0.1");
  server.on("session", (session) => sessions.push(session));
  server.on("stream", (stream, headers) => {
    const what = String(headers[":path"]).split("/").at(-1) ?? "";
    asked.push({ what, headers, body: "" });
    // Whoever has it need not send any more.
    stream.on("error", () => {});
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.resume().end(Buffer.alloc(5));
  });
  await once(server, "listening");
  context.after(() => {
    server.close();
    for (const session of sessions) session.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `grpc://127.0.0.1:${port}`, asked, countOf };
}

/** What a call of the client rejects with. */
export async function errorOf(call: Promise<unknown>): Promise<ClientError> {
  const error = await call.then(
    () => check.fail("it went well"),
    (reason: unknown) => reason,
  );
  check.ok(error instanceof ClientError, String(error));
  return error;
}

/** All responses, to the end. */
export async function all<T>(responses: AsyncIterable<T>): Promise<readonly T[]> {
  const read: T[] = [];
  for await (const each of responses) read.push(each);
  return read;
}
