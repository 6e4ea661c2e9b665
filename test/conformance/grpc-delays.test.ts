/** Delays that are asked for, for tests of clients: of a stream's messages, and of other answers. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { status } from "@grpc/grpc-js";
import { VirtualClock } from "../../dist/testing/virtual-clock.js";
import { until } from "../until.ts";
import { startFake } from "./fake-service.ts";

test("each message of a stream is written so much later, one by one, and so is its end", async () => {
  const clock = new VirtualClock();
  await using on = await startFake({ clock, delays: { streamedMessageMs: 100, answerMs: 0 } });
  const stream = on.client.stream();
  stream.send({ modelName: "stream", id: "s" });
  const request = await on.service.seen("s");
  request.say(1, false);
  request.say(2, false);
  request.say(3, true);
  const ended = stream.end();
  for (const size of [1, 2, 3]) {
    await until(() => clock.nextWakeMs() === 100 * size);
    check.equal(stream.received.length, size - 1);
    clock.advanceTo(100 * size);
    const [message] = await stream.take(1);
    check.deepEqual(
      message?.inferResponse?.rawOutputContents.map((each) => each.byteLength),
      [size],
    );
  }
  check.equal((await ended).code, status.OK);
});

test("a client that leaves meanwhile leaves no timer behind", async () => {
  const clock = new VirtualClock();
  await using on = await startFake({ clock, delays: { streamedMessageMs: 100, answerMs: 0 } });
  const stream = on.client.stream();
  stream.send({ modelName: "stream", id: "s" });
  (await on.service.seen("s")).say(1, false);
  await until(() => clock.nextWakeMs() === 100);
  stream.call.cancel();
  await until(() => clock.nextWakeMs() === Number.POSITIVE_INFINITY);
});

test("whatever is no inference is answered so much later, errors too", async () => {
  const clock = new VirtualClock();
  await using on = await startFake({ clock, delays: { streamedMessageMs: 0, answerMs: 3000 } });
  let hasAnswered = false;
  const live = on.client.call("ServerLive", {}).finally(() => {
    hasAnswered = true;
  });
  await until(() => clock.nextWakeMs() === 3000);
  clock.advanceTo(2999);
  const inference = on.client.infer({ modelName: "echo", id: "a" });
  (await on.service.seen("a")).say(1, true);
  await inference;
  check.equal(hasAnswered, false);
  clock.advanceTo(3000);
  check.equal((await live).live, true);
  const failure = check.rejects(on.client.call("ModelReady", { name: "m", version: "x" }));
  await until(() => clock.nextWakeMs() === 6000);
  clock.advanceTo(6000);
  await failure;
});
