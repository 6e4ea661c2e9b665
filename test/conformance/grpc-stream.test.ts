/**
 * ModelStreamInfer: who is answered when, what the last answer looks like, errors inside a stream,
 * and how a stream ends. The service is played by the test.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { constants } from "node:http2";
import { test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { InferenceError } from "../../dist/protocol/errors.js";
import { until } from "../until.ts";
import { type FakeServer, startFake } from "./fake-service.ts";
import { inference, type StreamResponse } from "./grpc-client.ts";
import { framed, messagesOf, openCall, openSession, statusOf } from "./raw-grpc.ts";

/** What matters of a message, in short. */
function told({ errorMessage, inferResponse: response }: StreamResponse): string {
  const final = response?.parameters["triton_final_response"]?.boolParam;
  const bytes = response?.rawOutputContents.map((each) => each.byteLength).join() ?? "";
  const version = response?.modelVersion ? `/${response.modelVersion}` : "";
  const what = `${response?.id} ${response?.modelName}${version} [${bytes}] ${final}`;
  return errorMessage === "" ? what : `${what}: ${errorMessage}`;
}

function ask(modelName: string, id: string, parameters = {}) {
  return { modelName, id, parameters };
}

function encoded(modelName: string, id: string): Uint8Array {
  return inference.ModelInferRequest.encode(ask(modelName, id)).finish();
}

function decoded(message: Uint8Array): string {
  return told(inference.ModelStreamInferResponse.decode(message));
}

const wantsEmpty = { triton_enable_empty_final_response: { boolParam: true } };

test("models that are not decoupled are answered in the order of their requests", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  for (const id of ["a", "b", "c"]) stream.send(ask("echo", id));
  stream.send(ask("nobody", "d"));
  stream.send(ask("echo", "e"));
  (await on.service.seen("e")).say(5, true);
  (await on.service.seen("c")).fail(new InferenceError("INTERNAL", "broken"));
  (await on.service.seen("b")).say(2, true);
  check.equal(stream.received.length, 0);
  (await on.service.seen("a")).say(1, true);
  check.deepEqual((await stream.take(5)).map(told), [
    "a echo/1 [1] true",
    "b echo/1 [2] true",
    "c echo [] true: broken",
    "d  [] true: Request for unknown model: 'nobody' is not found",
    "e echo/1 [5] true",
  ]);
  check.deepEqual(await stream.end(), { code: status.OK, details: "OK" });
});

test("streaming models keep their own order, and wait for nobody", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send(ask("echo", "first"));
  stream.send(ask("stream", "s"));
  stream.send(ask("stream", "t"));
  const [s, t] = [await on.service.seen("s"), await on.service.seen("t")];
  t.say(1, false);
  s.say(2, false);
  t.say(3, true);
  s.say(4, true);
  check.deepEqual((await stream.take(4)).map(told), [
    "t stream/1 [1] false",
    "s stream/1 [2] false",
    "t stream/1 [3] true",
    "s stream/1 [4] true",
  ]);
  (await on.service.seen("first")).say(5, true);
  check.equal(told((await stream.take(1))[0]!), "first echo/1 [5] true");
  check.equal((await stream.end()).code, status.OK);
});

test("the end of a streaming request is told on request only", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send({ ...ask("stream", "silent"), modelVersion: "1" });
  stream.send({ ...ask("stream", "told", wantsEmpty), modelVersion: "1" });
  stream.send(ask("stream", "marked", wantsEmpty));
  for (const id of ["silent", "told"]) {
    const request = await on.service.seen(id);
    request.say(1, false);
    request.say(undefined, true);
  }
  (await on.service.seen("marked")).say(2, true);
  check.equal((await stream.end()).code, status.OK);
  check.deepEqual(stream.received.map(told), [
    "silent stream/1 [1] false",
    "told stream/1 [1] false",
    "told stream/1 [] true",
    "marked stream/1 [2] true",
  ]);
});

test("the version of an empty final response is that of the request", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send(ask("stream", "a", wantsEmpty));
  (await on.service.seen("a")).say(undefined, true);
  check.equal((await stream.end()).code, status.OK);
  check.deepEqual(stream.received.map(told), ["a stream [] true"]);
});

test("a response without outputs is sent if it is not the end", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send(ask("stream", "a"));
  const request = await on.service.seen("a");
  request.say(undefined, false);
  request.say(1, true);
  check.deepEqual((await stream.take(2)).map(told), ["a stream/1 [] false", "a stream/1 [1] true"]);
});

test("a model that is not decoupled may answer without outputs, and that is its answer", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send(ask("echo", "a", wantsEmpty));
  (await on.service.seen("a")).say(undefined, true);
  check.deepEqual((await stream.take(1)).map(told), ["a echo/1 [] true"]);
});

test("an error ends its request, and the stream goes on", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send({ ...ask("stream", "a", wantsEmpty), modelVersion: "3" });
  const request = await on.service.seen("a");
  request.say(1, false);
  request.fail(new InferenceError("UNAVAILABLE", "enough"));
  request.say(2, true);
  stream.send({ ...ask("stream", "b"), parameters: { triton_x: {} } });
  stream.send(ask("nobody", "c"));
  stream.send({ ...ask("echo", "d"), modelVersion: "x" });
  stream.send(ask("echo", "e"));
  (await on.service.seen("e")).say(1, true);
  check.deepEqual((await stream.take(6)).map(told), [
    "a stream/1 [1] false",
    "a stream/3 [] true: enough",
    "b  [] true: parameter keys starting with 'triton_' are reserved for Triton usage. Only the " +
      "following keys starting with 'triton_' are allowed: triton_enable_empty_final_response",
    "c  [] true: Request for unknown model: 'nobody' is not found",
    `d  [] true: failed to get model version from specified version string 'x' (details: stol), ` +
      "version should be an integral value > 0",
    "e echo/1 [1] true",
  ]);
  check.equal((await stream.end()).code, status.OK);
});

test("what the core refuses at once has the id only", async () => {
  await using on = await startFake();
  on.service.onInfer = (request) =>
    request.fail(new InferenceError("UNAVAILABLE", "Exceeds maximum queue size"));
  const stream = on.client.stream();
  stream.send(ask("echo", "a"));
  stream.send(ask("stream", "b"));
  check.deepEqual((await stream.take(2)).map(told), [
    "a  [] true: Exceeds maximum queue size",
    "b  [] true: Exceeds maximum queue size",
  ]);
});

test("answers that come before the core has returned", async () => {
  await using on = await startFake();
  on.service.onInfer = (request) => {
    request.say(1, false);
    request.say(2, false);
  };
  const stream = on.client.stream();
  stream.send(ask("stream", "a"));
  await stream.take(2);
  check.equal((await on.service.seen("a")).creditCount, 2);
});

function wanting(value: string): Metadata {
  const metadata = new Metadata();
  metadata.set("triton_grpc_error", value);
  return metadata;
}

test("with triton_grpc_error the first error of an accepted request ends the stream", async () => {
  await using on = await startFake();
  const stream = on.client.stream(wanting("true"));
  stream.send(ask("nobody", "refused"));
  stream.send(ask("stream", "other"));
  stream.send(ask("echo", "a"));
  const other = await on.service.seen("other");
  await stream.take(1);
  (await on.service.seen("a")).fail(new InferenceError("INTERNAL", "broken"));
  check.deepEqual(await stream.status, { code: status.INTERNAL, details: "broken" });
  check.equal(stream.received.length, 1);
  check.equal(other.cancelCount, 1);
});

test("what that request gave before its error comes before the end", async () => {
  await using on = await startFake({ compression: "low" });
  const session = openSession(on);
  const headers = { triton_grpc_error: "true", "grpc-accept-encoding": "gzip" };
  const stream = openCall(session, "ModelStreamInfer", headers);
  for (const id of ["a", "other"]) stream.write(framed(encoded("stream", id)));
  const other = await on.service.seen("other");
  const request = await on.service.seen("a");
  for (let left = 5; left > 0; left -= 1) request.say(10, false);
  request.fail(new InferenceError("INTERNAL", "broken"));
  const [messages, ended] = await Promise.all([messagesOf(stream), statusOf(stream)]);
  session.destroy();
  check.deepEqual(messages.map(decoded), Array(5).fill("a stream/1 [10] false"));
  check.deepEqual(ended, [status.INTERNAL, "broken"]);
  check.equal(other.cancelCount, 1);
});

test("other values of triton_grpc_error mean nothing", async () => {
  await using on = await startFake();
  for (const value of ["1", "TRUE", "false"]) {
    const stream = on.client.stream(wanting(value));
    stream.send(ask("echo", value));
    (await on.service.seen(value)).fail(new InferenceError("INTERNAL", "broken"));
    check.equal((await stream.take(1))[0]?.errorMessage, "broken");
    check.equal((await stream.end()).code, status.OK);
  }
});

test("a half-close waits for what is in flight", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send(ask("echo", "a"));
  stream.call.end();
  const request = await on.service.seen("a");
  request.say(1, true);
  check.equal((await stream.status).code, status.OK);
  check.deepEqual(stream.received.map(told), ["a echo/1 [1] true"]);
});

test("a stream without requests ends well", async () => {
  await using on = await startFake();
  check.equal((await on.client.stream().end()).code, status.OK);
});

async function inFlight(on: FakeServer, stream: ReturnType<FakeServer["client"]["stream"]>) {
  stream.send(ask("stream", "s"));
  stream.send(ask("echo", "a"));
  return [await on.service.seen("s"), await on.service.seen("a")] as const;
}

test("a client that cancels takes all of its requests back", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  const requests = await inFlight(on, stream);
  stream.call.cancel();
  await until(() => requests.every(({ cancelCount }) => cancelCount === 1));
  check.equal(on.frontend.openStreamCount, 0);
  for (const request of requests) request.say(1, true);
});

test("so does one whose connection is lost, or whose deadline passes", async () => {
  await using on = await startFake();
  const stream = on.client.stream(undefined, { deadline: Date.now() + 50 });
  const requests = await inFlight(on, stream);
  check.ok(requests.every(({ options: { deadlineMs } }) => Number.isFinite(deadlineMs)));
  check.equal((await stream.status).code, status.DEADLINE_EXCEEDED);
  await until(() => requests.every(({ cancelCount }) => cancelCount === 1));
  const lost = on.client.stream();
  lost.send(ask("echo", "b"));
  const request = await on.service.seen("b");
  on.client[Symbol.dispose]();
  lost.call.cancel();
  await until(() => request.cancelCount === 1 && on.frontend.openStreamCount === 0);
});

test("a server that stops finishes what runs, and refuses the rest", async () => {
  await using on = await startFake();
  const [busy, idle] = [on.client.stream(), on.client.stream()];
  busy.send(ask("stream", "a"));
  const request = await on.service.seen("a");
  await until(() => on.frontend.openStreamCount === 2);
  on.service.state = "draining";
  on.frontend.stopStreams();
  const text = "GRPC server is shutting down and has stopped accepting new requests.";
  check.deepEqual(await idle.status, { code: status.UNAVAILABLE, details: text });
  request.say(1, false);
  busy.send(ask("stream", "b"));
  check.deepEqual((await busy.take(2)).map(told), ["a stream/1 [1] false", `b  [] true: ${text}`]);
  request.say(2, false);
  check.deepEqual((await busy.take(1)).map(told), ["a stream/1 [2] false"]);
  request.end();
  check.deepEqual(await busy.status, { code: status.UNAVAILABLE, details: text });
  const late = on.client.stream();
  check.equal((await late.status).code, status.UNAVAILABLE);
});

test("a message that does not parse ends the stream", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.send(ask("stream", "a"));
  const request = await on.service.seen("a");
  stream.send(Uint8Array.of(0x0a, 0x7f));
  check.deepEqual(await stream.status, {
    code: status.INTERNAL,
    details: "Unable to parse request",
  });
  check.equal(request.cancelCount, 1);
});

test("of a thousand requests in flight, no more are read until some have ended", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  const count = 5000;
  for (let index = 0; index < count; index += 1) stream.send(ask("echo", `${index}`));
  await on.service.seen("1023");
  check.equal(on.service.requests.length, 1024);
  let answered = 0;
  while (answered < count) {
    await until(() => on.service.requests.length > answered);
    check.ok(on.service.requests.length - answered <= 1024);
    on.service.requests[answered]?.say(1, true);
    answered += 1;
  }
  const all = await stream.take(count);
  check.deepEqual(
    all.map(({ inferResponse }) => inferResponse?.id),
    Array.from({ length: count }, (_, index) => `${index}`),
  );
});

test("a reader that stops gets no credit, and one that goes on gets it again", async () => {
  await using on = await startFake();
  const stream = on.client.stream();
  stream.call.pause();
  stream.send(ask("stream", "a"));
  const request = await on.service.seen("a");
  const window = 8;
  let sent = 0;
  const pump = (): void => {
    while (sent < request.creditCount + window && sent < 400) {
      sent += 1;
      request.say(64 * 1024, sent === 400);
    }
  };
  pump();
  let before = -1;
  while (before !== sent) {
    before = sent;
    for (let turn = 0; turn < 200; turn += 1) await new Promise((next) => setImmediate(next));
    pump();
  }
  check.ok(sent < 100, `${sent} of 400 were taken from a model whose reader stopped`);
  stream.call.resume();
  while (sent < 400) {
    pump();
    await new Promise((next) => setImmediate(next));
  }
  check.equal((await stream.end()).code, status.OK);
  check.equal(stream.received.length, 400);
});

test("a reader that takes nothing for too long is cut off", async () => {
  await using on = await startFake({ stallTimeoutMs: 50 });
  const stream = on.client.stream();
  stream.call.pause();
  stream.send(ask("stream", "a"));
  const request = await on.service.seen("a");
  for (let count = 0; count < 40; count += 1) request.say(64 * 1024, false);
  await until(() => request.cancelCount === 1);
  check.equal(on.frontend.openStreamCount, 0);
  check.match(on.warnings.join(), /took nothing for 50 ms/);
  stream.call.resume();
  check.equal((await stream.status).code, status.CANCELLED);
});

test("a thousand streams opened and dropped leave nothing", async () => {
  await using on = await startFake();
  // grpc-js's client forgets to reset what is cancelled while it looks for a connection.
  const session = openSession(on);
  const message = framed(encoded("stream", ""));
  for (let index = 0; index < 1000; index += 1) {
    const stream = openCall(session, "ModelStreamInfer");
    if (index % 2 === 0) stream.write(message);
    if (index % 3 === 0) await new Promise((next) => setImmediate(next));
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, "close");
  }
  session.destroy();
  await until(() => on.frontend.openStreamCount === 0);
  check.ok(on.service.requests.length > 0);
  await until(() => on.service.requests.every(({ cancelCount }) => cancelCount === 1));
  check.equal(on.receivedBytes.usedBytes, 0);
});
