/**
 * What no client should send: bytes that are no HTTP/2, messages that are cut, announced in vain or
 * compressed in unknown ways. Each is answered or cut off, and nothing of it stays.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import fc from "fast-check";
import { ByteBudget } from "../../dist/core/byte-budget.js";
import { until } from "../until.ts";
import { type FakeServer, startFake } from "./fake-service.ts";
import { failureOf } from "./grpc-client.ts";
import { framed, openCall, openSession, statusOf } from "./raw-grpc.ts";

/** `model_name: "echo"` */
const echo = Buffer.from([0x0a, 4, ...Buffer.from("echo")]);

async function stillWorks(on: FakeServer): Promise<void> {
  on.service.onInfer = (asked) => asked.say(1, true);
  check.equal((await on.client.infer({ modelName: "echo" })).rawOutputContents.length, 1);
  check.equal(on.receivedBytes.usedBytes, 0);
  check.equal(on.frontend.openStreamCount, 0);
}

test("bytes that are no HTTP/2", async () => {
  await using on = await startFake();
  for (const bytes of [
    "GET / HTTP/1.1\r\n\r\n",
    "\0\0\0",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage!!",
  ]) {
    const socket = connectSocket(on.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    socket.write(bytes);
    if (bytes.length > 3) await once(socket, "close");
    socket.destroy();
  }
  await stillWorks(on);
});

test("a content type that is not gRPC's", async () => {
  await using on = await startFake();
  const session = openSession(on);
  const stream = openCall(session, "ModelInfer", { "content-type": "application/json" });
  stream.end();
  const [headers] = await once(stream, "response");
  check.equal(headers[":status"], 415);
  session.destroy();
  await stillWorks(on);
});

test("a message that is cut, or announced and never sent", async () => {
  await using on = await startFake();
  const session = openSession(on);
  for (const bytes of [
    Buffer.of(0, 0),
    framed(echo, { length: 9 }),
    framed(echo, { length: 2 ** 31 - 1 }),
  ]) {
    for (const method of ["ModelInfer", "ModelStreamInfer"]) {
      const cut = openCall(session, method);
      cut.write(bytes);
      await new Promise((back) => session.ping(back));
      cut.close(constants.NGHTTP2_CANCEL);
      await once(cut, "close");
      const ended = openCall(session, method);
      ended.end(bytes);
      const [code] = await statusOf(ended);
      check.equal(code, method === "ModelInfer" ? status.UNIMPLEMENTED : status.OK);
    }
  }
  session.destroy();
  await until(() => on.receivedBytes.usedBytes === 0 && on.frontend.openStreamCount === 0);
  check.equal(on.service.requests.length, 0);
  await stillWorks(on);
});

test("a length beyond what gRPC has", async () => {
  await using on = await startFake();
  const session = openSession(on);
  const stream = openCall(session, "ModelInfer");
  stream.write(framed(echo, { length: 2 ** 31 }));
  const [code, text] = await statusOf(stream);
  check.equal(code, status.RESOURCE_EXHAUSTED);
  check.match(text, /larger than max/);
  session.destroy();
  await stillWorks(on);
});

test("many messages that begin, and do not end", async () => {
  await using on = await startFake({ receivedBytes: new ByteBudget(200_000) });
  const session = openSession(on);
  const codes: number[] = [];
  const streams = Array.from({ length: 20 }, () => {
    const stream = openCall(session, "ModelInfer");
    statusOf(stream).then(
      ([code]) => codes.push(code),
      () => {},
    );
    stream.write(framed(new Uint8Array(20_000), { length: 1_000_000_000 }));
    return stream;
  });
  await until(() => codes.length === 10);
  check.deepEqual(new Set(codes), new Set([status.UNAVAILABLE]));
  check.ok(on.receivedBytes.usedBytes <= 200_000);
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
  session.destroy();
  await until(() => on.receivedBytes.usedBytes === 0);
  await stillWorks(on);
});

test("compressed in a way that nobody knows, or not at all", async () => {
  await using on = await startFake();
  const session = openSession(on);
  const faults: readonly (readonly [string, number])[] = [
    ["br", status.UNIMPLEMENTED],
    ["gzip", status.INTERNAL],
    ["deflate", status.INTERNAL],
  ];
  for (const [encoding, expected] of faults) {
    const stream = openCall(session, "ModelInfer", { "grpc-encoding": encoding });
    stream.end(framed(echo, { flag: 1 }));
    check.equal((await statusOf(stream))[0], expected, encoding);
  }
  session.destroy();
  await stillWorks(on);
});

test("no request, and two of them", async () => {
  await using on = await startFake();
  const session = openSession(on);
  const none = openCall(session, "ServerLive");
  none.end();
  check.equal((await statusOf(none))[0], status.UNIMPLEMENTED);
  const two = openCall(session, "ModelInfer");
  two.end(Buffer.concat([framed(echo), framed(echo)]));
  check.equal((await statusOf(two))[0], status.UNIMPLEMENTED);
  session.destroy();
  await stillWorks(on);
});

test("a deadline that is none", async () => {
  await using on = await startFake();
  const session = openSession(on);
  const stream = openCall(session, "ModelInfer", { "grpc-timeout": "soon" });
  stream.end(framed(echo));
  check.equal((await statusOf(stream))[0], status.INTERNAL);
  session.destroy();
  await stillWorks(on);
});

test("a deadline in a hundred years is one", async () => {
  await using on = await startFake();
  on.service.onInfer = (asked) => asked.say(1, true);
  const session = openSession(on);
  for (const timeout of ["876000H", "99999999S", "99999999m", "99999999u"]) {
    const stream = openCall(session, "ModelInfer", { "grpc-timeout": timeout });
    stream.end(framed(echo));
    check.equal((await statusOf(stream))[0], status.OK, timeout);
  }
  session.destroy();
  await stillWorks(on);
});

test("a client that never reads its answer is cut off", async () => {
  await using on = await startFake({ stallTimeoutMs: 30 });
  on.service.onInfer = (asked) => asked.say(1_000_000, true);
  const session = openSession(on);
  const stream = openCall(session, "ModelInfer");
  stream.pause();
  stream.end(framed(echo));
  await until(() => on.warnings.length > 0);
  check.match(on.warnings.join(), /took nothing for 30 ms: its call is cut off/);
  session.destroy();
  await stillWorks(on);
});

test("any bytes as a message: an answer, or one of the protocol's errors", async () => {
  await using on = await startFake();
  on.service.onInfer = (asked) => asked.say(1, true);
  const known: readonly number[] = [status.INTERNAL, status.INVALID_ARGUMENT, status.OK];
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc
      .tuple(fc.constant([...echo]), fc.uint8Array())
      .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part]))),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (message) => {
      const call = on.client.raw("ModelInfer", message).then(() => {
        throw Object.assign(new Error(), { code: status.OK, details: "" });
      });
      check.ok(known.includes((await failureOf(call)).code));
    }),
    { numRuns: 200 },
  );
});
