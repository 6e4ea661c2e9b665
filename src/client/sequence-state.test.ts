/** Sequence state: one request after another, and the first of those that ran is the start. */
import { strict as check } from "node:assert";
import test from "node:test";
import { ClientError, invalid } from "./client-error.ts";
import type { SequencePlace } from "./connection.ts";
import { SequenceState } from "./sequence-state.ts";

function turn(isEnd = false) {
  return { isEnd, wait: (before: Promise<void>) => before };
}

function start() {
  const state = new SequenceState(7);
  const sent: string[] = [];
  const note = (place: SequencePlace): string => {
    const text = `${place.id}${place.isStart ? " start" : ""}${place.isEnd ? " end" : ""}`;
    sent.push(text);
    return text;
  };
  const run = (isEnd = false): Promise<string> =>
    state.run(turn(isEnd), (place) => Promise.resolve(note(place)));
  const fail = (error: Error, isEnd = false): Promise<unknown> => {
    return state.run(turn(isEnd), (place) => {
      note(place);
      return Promise.reject(error);
    });
  };
  return { state, sent, run, fail };
}

test("the first is the start, and behind the end a new one begins", async () => {
  const { sent, run } = start();
  await Promise.all([run(), run(), run(true), run(), run(true), run(true)]);
  check.deepEqual(sent, ["7 start", "7", "7 end", "7 start", "7 end", "7 start end"]);
});

test("the next is sent when the one before has been answered", async () => {
  const { state, sent, run } = start();
  let answer = (_: string): void => {};
  const first = state.run(turn(false), () => {
    sent.push("first");
    return new Promise<string>((resolve) => {
      answer = resolve;
    });
  });
  const second = run();
  await new Promise(setImmediate);
  check.deepEqual(sent, ["first"]);
  answer("answer");
  check.deepEqual(await Promise.all([first, second]), ["answer", "7"]);
});

test("what was not run is tried by the next", async () => {
  for (const error of [new ClientError("refused", "full"), invalid("wrong input")]) {
    const { sent, run, fail } = start();
    const [failed] = await Promise.allSettled([fail(error), run(), run()]);
    check.equal(failed.status === "rejected" && failed.reason, error);
    check.deepEqual(sent, ["7 start", "7 start", "7"]);
  }
});

test("what may have run has begun the sequence, or ended it", async () => {
  const { sent, run, fail } = start();
  const lost = new ClientError("connection", "broke");
  await Promise.allSettled([fail(lost), run(), fail(lost, true), run()]);
  check.deepEqual(sent, ["7 start", "7", "7 end", "7 start"]);
});

test("a stream holds its place until it has ended, or its reader has left", async () => {
  for (const isRead of [true, false]) {
    const { state, sent, run } = start();
    const responses = state.stream(turn(false), async function* (place) {
      sent.push(`stream${place.isStart ? " start" : ""}`);
      yield await Promise.resolve(1);
      yield 2;
    });
    check.deepEqual(await responses.next(), { done: false, value: 1 });
    const next = run(true);
    await new Promise(setImmediate);
    check.deepEqual(sent, ["stream start"]);
    if (isRead) for await (const response of responses) check.equal(response, 2);
    else await responses.return();
    check.equal(await next, "7 end");
  }
});

test("a stream that was not run is tried by the next", async () => {
  const { state, run } = start();
  const refusal = new ClientError("refused", "full");
  const responses = state.stream(turn(false), async function* () {
    yield await Promise.reject<number>(refusal);
  });
  await check.rejects(responses.next(), refusal);
  check.equal(await run(), "7 start");
});

test("whoever does not wait for the one before gives way, and those behind still wait", async () => {
  const { state, sent, run } = start();
  let answer = (_: string): void => {};
  const first = state.run(turn(), () => new Promise<string>((resolve) => (answer = resolve)));
  const impatient = state.run(
    { isEnd: true, wait: () => Promise.reject(new Error("enough")) },
    () => Promise.resolve("sent"),
  );
  const third = run();
  await check.rejects(impatient, { message: "enough" });
  check.deepEqual(sent, []);
  answer("answer");
  check.deepEqual(await Promise.all([first, third]), ["answer", "7"]);
});
