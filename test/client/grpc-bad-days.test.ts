/**
 * The client's bad days over gRPC: servers and proxies that break off, lie, go away or vanish, played
 * with node:http2. Each call ends with the right error, and the next one has a connection.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer as createTcp, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import type { ClientOptions } from "shoal/client";
import { type Client, createClient } from "shoal/client/grpc";
import { inference } from "../../dist/protocol/generated/messages.js";
import { type Expected, fails } from "./failures.ts";

type Answering = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

const type = "application/grpc";
const message = inference.ServerMetadataResponse.encode({ name: "n", version: "1" }).finish();

function frame(bytes: Uint8Array, isCompressed = false, length = bytes.byteLength): Buffer {
  const prefix = Buffer.alloc(5, isCompressed ? 1 : 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Whole, with a status behind it. */
function says(
  parts: readonly Uint8Array[],
  trailers: Record<string, string> | undefined = { "grpc-status": "0" },
  headers: Record<string, string> = {},
): Answering {
  return (stream) => {
    stream.respond({ "content-type": type, ...headers }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    for (const part of parts) stream.write(part);
    stream.end();
  };
}

function saysOnly(headers: Record<string, string>): Answering {
  return (stream) => stream.respond({ "content-type": type, ...headers }, { endStream: true });
}

const good = says([frame(message)]);

interface Played {
  readonly client: Client;
  readonly sessions: readonly ServerHttp2Session[];
  readonly countOf: () => number;
}

/** A call's number decides what is answered; the last answer is that of all others. */
async function play(
  t: TestContext,
  answers: readonly Answering[],
  options: ClientOptions = {},
): Promise<Played> {
  const sessions: ServerHttp2Session[] = [];
  let count = 0;
  const server = createServer().listen(0, "127.0.0.1");
  server.on("session", (session) => {
    sessions.push(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream, headers) => {
    // Clients leave.
    stream.on("error", () => {});
    const answer = answers[Math.min(count, answers.length - 1)];
    count += 1;
    answer?.(stream, headers);
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = createClient(`grpc://127.0.0.1:${port}`, options);
  t.after(() => {
    client.close();
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { client, sessions, countOf: () => count };
}

function packed(pack: (bytes: Uint8Array) => Uint8Array, encoding: string): Answering {
  return says([frame(pack(message), true)], undefined, { "grpc-encoding": encoding });
}

const wellAnswered: Readonly<Record<string, Answering>> = {
  "a message byte by byte": says([...frame(message)].map((byte) => Uint8Array.of(byte))),
  "what is compressed by gzip": packed(gzipSync, "gzip"),
  "what is compressed by deflate": packed(deflateSync, "deflate"),
  "a status without a message": (stream) => {
    stream.respond({ "content-type": type }, { waitForTrailers: true });
    stream.on("wantTrailers", () =>
      stream.sendTrailers({ "grpc-status": "0", "grpc-message": "" }),
    );
    stream.end(frame(message));
  },
};

for (const [name, answer] of Object.entries(wellAnswered)) {
  test(`gRPC: ${name} is read`, async (t) => {
    const { client } = await play(t, [answer]);
    const { name: read, version } = await client.metadata();
    check.deepEqual([read, version], ["n", "1"]);
  });
}

const broken = { kind: "connection", says: /broke/ } as const;

const badlyAnswered: Readonly<Record<string, readonly [Answering, Expected, ClientOptions?]>> = {
  "a status alone": [
    saysOnly({ "grpc-status": "8", "grpc-message": "zu viel f%C3%BCr %22m%22" }),
    { kind: "server", code: "RESOURCE_EXHAUSTED", says: /^zu viel für "m"$/ },
  ],
  "a text that is not encoded": [
    saysOnly({ "grpc-status": "3", "grpc-message": "100% wrong" }),
    { kind: "server", code: "INVALID_ARGUMENT", says: /^100% wrong$/ },
  ],
  "a page of a proxy": [
    (stream) => {
      stream.respond({ ":status": 503, "content-type": "text/html" });
      stream.end("<h1>503</h1>");
    },
    { kind: "answer", says: /: status 503 of HTTP$/ },
  ],
  "a message over the limit": [
    says([frame(message, false, 2 ** 31)]),
    { kind: "answer", says: /longer than 1000 bytes/ },
    { maxResponseBytes: 1000 },
  ],
  "a stream that is reset within the answer": [
    (stream) => {
      // Else it would end well first.
      stream.respond({ "content-type": type }, { waitForTrailers: true });
      stream.write(frame(message).subarray(0, 6), () => stream.close(constants.NGHTTP2_CANCEL));
    },
    broken,
  ],
  "a connection that breaks": [(stream) => stream.session?.destroy(), broken],
  silence: [() => {}, { kind: "timeout", says: /requestTimeoutMs/ }, { requestTimeoutMs: 20 }],
};

for (const [name, [answer, expected, options]] of Object.entries(badlyAnswered)) {
  test(`gRPC: ${name}, and the next call goes well`, async (t) => {
    const { client, countOf } = await play(t, [answer, good], { ...options, maxRetries: 0 });
    await fails(client.metadata(), expected);
    await client.metadata({ requestTimeoutMs: 60_000 });
    check.equal(countOf(), 2);
  });
}

test("gRPC: a stream that the server refuses is tried again", async (t) => {
  const refuses: Answering = (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM);
  const { client, countOf } = await play(t, [refuses, good]);
  await client.metadata();
  check.equal(countOf(), 2);
});

test("gRPC: a server that goes away ends what is open, and gets nothing more there", async (t) => {
  let answerFirst = (): void => {};
  const { client, sessions } = await play(t, [
    (stream, headers) => {
      answerFirst = () => good(stream, headers);
      stream.session?.close();
    },
    good,
  ]);
  const first = client.metadata();
  for (;;) {
    await client.metadata();
    // Its word may come behind the answer of the second.
    if (sessions.length === 2) break;
  }
  answerFirst();
  await first;
});

test("gRPC: a connection on which nothing comes is used no more", async (t) => {
  const { client, sessions } = await play(t, [good, () => {}, good], { maxRetries: 0 });
  await client.metadata();
  await fails(client.metadata({ requestTimeoutMs: 20 }), { kind: "timeout" });
  await client.metadata();
  check.equal(sessions.length, 2);
});

test("gRPC: a server that does not want the rest of a request has the last word", async (t) => {
  const { client, sessions } = await play(t, [
    saysOnly({ "grpc-status": "8", "grpc-message": "too large" }),
    good,
  ]);
  const config = { name: "m" };
  const load = client.load("m", { config, files: { "1/model": new Uint8Array(20_000_000) } });
  await fails(load, { kind: "server", code: "RESOURCE_EXHAUSTED", says: /too large/ });
  await client.metadata();
  check.equal(sessions.length, 1);
});

test("gRPC: what speaks HTTP/1 is not reached", async (t) => {
  const sockets: Socket[] = [];
  const server = createTcp((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = createClient(`grpc://127.0.0.1:${port}`, { maxRetries: 0 });
  t.after(() => {
    client.close();
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await fails(client.metadata(), {
    kind: "connection",
    says: /^cannot reach 127/,
    isRetrySafe: true,
  });
});
