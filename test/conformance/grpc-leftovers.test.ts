/**
 * What is left of calls that ended in every way: no timer, no socket, no bytes, no stream.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { constants } from "node:http2";
import { test } from "node:test";
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { InferenceError } from "../../dist/protocol/errors.js";
import { until } from "../until.ts";
import { startFake } from "./fake-service.ts";
import { failureOf } from "./grpc-client.ts";
import { framed, openCall, openSession } from "./raw-grpc.ts";

/** What keeps the process alive, by kind. */
function resources(): string {
  const kinds = process
    .getActiveResourcesInfo()
    .filter((kind) => /Timeout|TCP|TLS|Immediate/.test(kind));
  return kinds
    .filter((kind) => kind !== "Immediate")
    .sort()
    .join();
}

test("calls that end in every way leave nothing", async () => {
  const before = resources();
  {
    await using on = await startFake({ stallTimeoutMs: 600_000 });
    on.service.onInfer = (request) => {
      const { id } = request.request;
      if (id === "answered") request.say(10, true);
      if (id === "failed") request.fail(new InferenceError("INTERNAL", "broken"));
    };
    const { client } = on;
    await client.infer({ modelName: "echo", id: "answered" });
    await failureOf(client.infer({ modelName: "echo", id: "failed" }));
    await failureOf(client.infer({ modelName: "nobody" }));
    const late = client.infer({ modelName: "echo", id: "late" }, { deadline: Date.now() + 20 });
    check.equal((await failureOf(late)).code, status.DEADLINE_EXCEEDED);
    const cancelled = client.infer(
      { modelName: "echo", id: "cancelled" },
      { seen: (call) => setImmediate(() => call.cancel()) },
    );
    await failureOf(cancelled);
    const streams = Array.from({ length: 20 }, (_, index) => {
      const stream = client.stream();
      stream.send({ modelName: "stream", id: `s${index}` });
      return stream;
    });
    for (const [index, stream] of streams.entries()) {
      const request = await on.service.seen(`s${index}`);
      request.say(100_000, false);
      // Read, half-closed, cancelled, and simply left alone.
      if (index % 4 === 0) await stream.next();
      if (index % 4 === 1) {
        request.say(1, true);
        check.equal((await stream.end()).code, status.OK);
      }
      if (index % 4 === 2) stream.call.cancel();
    }
    const watch = client.watch();
    watch.on("error", () => {});
    watch.on("data", () => {});
    await until(() => on.frontend.openStreamCount === 11);
    check.equal(on.receivedBytes.usedBytes, 0);
    for (const stream of streams) stream.call.cancel();
    watch.cancel();
    await until(() => on.frontend.openStreamCount === 0);
  }
  await until(() => resources() === before);
});

test("thousands of streams that are dropped hurt nobody on their connection, and leave nothing", async () => {
  const before = resources();
  {
    await using on = await startFake({ stallTimeoutMs: 600_000 });
    const kept = on.client.stream();
    kept.send({ modelName: "stream", id: "kept" });
    const keptRequest = await on.service.seen("kept");
    for (let index = 0; index < 2000; index += 1) {
      const stream = on.client.stream();
      stream.send({ modelName: "stream", id: `s${index}` });
      await on.service.seen(`s${index}`);
      stream.call.cancel();
    }
    keptRequest.say(10, true);
    check.equal((await kept.end()).code, status.OK);
    await until(() => on.frontend.openStreamCount === 0);
  }
  await until(() => resources() === before);
});

test("a stream that is dropped while a message of it is compressed leaves nothing", async () => {
  const before = resources();
  {
    await using on = await startFake({ compression: "high", stallTimeoutMs: 600_000 });
    const stream = on.client.stream();
    stream.send({ modelName: "stream", id: "s" });
    const request = await on.service.seen("s");
    request.say(10_000_000, false);
    stream.call.cancel();
    await until(() => request.cancelCount === 1);
    // Begun later, and more to do: so the other one is done as well.
    await promisify(gzip)(new Uint8Array(20_000_000), { level: 9 });
  }
  await until(() => resources() === before);
});

test("watches and questions that are dropped at once leave nothing", async () => {
  const before = resources();
  {
    await using on = await startFake();
    const session = openSession(on);
    // To be decompressed first, which takes a while.
    const nothing = gzipSync("");
    const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    for (const path of ["/grpc.health.v1.Health/Watch", reflection]) {
      for (let index = 0; index < 200; index += 1) {
        const stream = openCall(session, path, { "grpc-encoding": "gzip" });
        stream.end(framed(nothing, { flag: 1 }));
        for (let turns = index % 4; turns > 0; turns -= 1) {
          await new Promise((next) => setImmediate(next));
        }
        stream.close(constants.NGHTTP2_CANCEL);
        await once(stream, "close");
      }
    }
    session.destroy();
    await until(() => on.frontend.openStreamCount === 0);
  }
  await until(() => resources() === before);
});
