/**
 * What servers of HTTP/2 do that are none of gRPC, or break: each ends with the right error, and none
 * of it is "not ready".
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
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { type ClientError, createClient } from "shoal/client/grpc";
import { errorOf } from "./grpc-models.ts";

type Answer = (stream: ServerHttp2Stream) => void;

async function startBare(answer: Answer) {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
  });
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    answer(stream);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `grpc://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

/** A message, with what is before it: is it compressed, its length. */
function framed(bytes: Uint8Array, isCompressed = false): Buffer {
  const head = Buffer.from([isCompressed ? 1 : 0, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.byteLength, 1);
  return Buffer.concat([head, bytes]);
}

const head = { ":status": 200, "content-type": "application/grpc" };

/** A status behind all messages. */
function says(
  messages: readonly Uint8Array[],
  headers: IncomingHttpHeaders = {},
  trailers: IncomingHttpHeaders = { "grpc-status": "0" },
): Answer {
  return (stream) => {
    stream.respond({ ...head, ...headers }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(Buffer.concat(messages));
  };
}

function resets(code: number): Answer {
  return (stream) => stream.close(code);
}

interface Expected {
  readonly answer: Answer;
  readonly kind: ClientError["kind"];
  readonly says: RegExp;
  readonly isRetrySafe?: boolean;
}

const gzip = { "grpc-encoding": "gzip" };
const isNone = /^no answer of an inference server: /;
const isTooLong = /^the answer is longer than 1000 bytes \(option 'maxResponseBytes'\)/;
const isBroken = /^the connection to 127\.0\.0\.1:\d+ broke: /;

const cases: Readonly<Record<string, Expected>> = {
  "refused, by the number of HTTP/2": {
    answer: resets(constants.NGHTTP2_REFUSED_STREAM),
    kind: "connection",
    says: /^cannot reach .*NGHTTP2_REFUSED_STREAM$/,
    isRetrySafe: true,
  },
  reset: {
    answer: resets(constants.NGHTTP2_INTERNAL_ERROR),
    kind: "connection",
    says: isBroken,
  },
  "cancelled by the server": {
    answer: resets(constants.NGHTTP2_CANCEL),
    kind: "connection",
    says: isBroken,
  },
  "too much asked": {
    answer: resets(constants.NGHTTP2_ENHANCE_YOUR_CALM),
    kind: "connection",
    says: isBroken,
  },
  "not safe enough": {
    answer: resets(constants.NGHTTP2_INADEQUATE_SECURITY),
    kind: "connection",
    says: isBroken,
  },
  "the connection is ended": {
    answer: ({ session }) => session?.destroy(),
    kind: "connection",
    says: isBroken,
  },
  "the connection is reset": {
    answer: ({ session }) => session?.socket.resetAndDestroy(),
    kind: "connection",
    says: isBroken,
  },
  "ended within a message": {
    answer: (stream) => {
      stream.respond(head);
      stream.write("\0\0", () => stream.session?.destroy());
    },
    kind: "connection",
    says: isBroken,
  },
  "a page": {
    answer: (stream) => {
      stream.respond({ ":status": 404, "content-type": "text/html" });
      stream.end("<html>");
    },
    kind: "answer",
    says: /^no answer of an inference server: status 404 of HTTP$/,
  },
  "no status": {
    answer: (stream) => {
      stream.respond(head);
      stream.end(framed(Buffer.from([8, 1])));
    },
    kind: "answer",
    says: isNone,
  },
  "no status in the trailers": { answer: says([], {}, { a: "b" }), kind: "answer", says: isNone },
  "no number for a status": {
    answer: says([], {}, { "grpc-status": "x" }),
    kind: "answer",
    says: isNone,
  },
  "no message": { answer: says([]), kind: "answer", says: isNone },
  "half a message": {
    answer: says([framed(Buffer.alloc(9)).subarray(0, 7)]),
    kind: "answer",
    says: isNone,
  },
  "no message of this protocol": {
    answer: says([framed(Buffer.alloc(9, 255))]),
    kind: "answer",
    says: /^the answer is no message of this protocol$/,
  },
  "what does not decompress": {
    answer: says([framed(Buffer.from("no gzip"), true)], gzip),
    kind: "answer",
    says: /^the answer does not decompress$/,
  },
  "compressed in an unknown way": {
    answer: says([framed(Buffer.from("?"), true)], { "grpc-encoding": "constructor" }),
    kind: "answer",
    says: /^the answer is compressed by 'constructor', which is unknown$/,
  },
  "compressed, and not said how": {
    answer: says([framed(gzipSync("?"), true)]),
    kind: "answer",
    says: /^the answer is compressed by 'identity', which is unknown$/,
  },
  "too long": { answer: says([framed(Buffer.alloc(5000))]), kind: "answer", says: isTooLong },
  "a length beyond all": {
    answer: (stream) => {
      stream.respond(head);
      stream.write(Buffer.alloc(5, 255).fill(0, 0, 1));
    },
    kind: "answer",
    says: isTooLong,
  },
  "a bomb": {
    answer: says([framed(gzipSync(Buffer.alloc(50_000)), true)], gzip),
    kind: "answer",
    says: isTooLong,
  },
  "a server that says the same": {
    answer: (stream) => {
      const told = { "grpc-status": "13", "grpc-message": "Connection dropped" };
      stream.respond({ ...head, ...told }, { endStream: true });
    },
    kind: "server",
    says: /^Connection dropped$/,
  },
};

for (const [name, expected] of Object.entries(cases)) {
  test(name, async () => {
    using server = await startBare(expected.answer);
    using client = createClient(server.url, { maxRetries: 0, maxResponseBytes: 1000 });
    const { kind, message, isRetrySafe } = await errorOf(client.unload("m"));
    check.match(message, expected.says);
    check.deepEqual([kind, isRetrySafe], [expected.kind, expected.isRetrySafe ?? false]);
    // Nor is any of these "not ready".
    if (kind !== "server") check.equal((await errorOf(client.isLive())).kind, kind);
  });
}

test("a host that there is not", async () => {
  using client = createClient("grpc://no..host:1", { maxRetries: 0 });
  const { kind, message, isRetrySafe } = await errorOf(client.isLive());
  check.match(message, /^cannot reach no\.\.host:1: /);
  check.deepEqual([kind, isRetrySafe], ["connection", true]);
});

test("headers that HTTP/2 does not have", async () => {
  using server = await startBare(says([framed(Buffer.from([8, 1]))]));
  using client = createClient(server.url);
  check.equal(await client.isLive(), true);
  for (const name of ["Connection", "Transfer-Encoding"]) {
    const { kind, message } = await errorOf(client.isLive({ headers: { [name]: "x" } }));
    check.match(message, new RegExp(`^option 'headers': .*"${name.toLowerCase()}"$`));
    check.equal(kind, "invalid");
  }
});
