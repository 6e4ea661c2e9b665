/** Both sides of a call between threads: what goes in at one end comes out at the other. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { SiblingRequest, SiblingSink } from "../backends/sibling-calls.ts";
import { InferenceError } from "../protocol/errors.ts";
import { elementsOf, numbers } from "../testing/batch-fixture.ts";
import type { CallMessage, CallResult } from "./messages.ts";
import { SiblingRelay } from "./sibling-relay.ts";
import { ThreadSiblings } from "./thread-siblings.ts";

interface Arrived {
  readonly request: SiblingRequest;
  readonly sink: SiblingSink;
  readonly told: string[];
}

/** Messages are cloned, as a port does. */
function connect(hasBatch = true) {
  const arrived: Arrived[] = [];
  const said: CallMessage[] = [];
  const heard: unknown[] = [];
  const relay = new SiblingRelay((message, transfer = []) => {
    const posted = structuredClone(message, { transfer: [...transfer] });
    thread.hear(posted as CallResult);
  });
  const caller = {
    send: (request: SiblingRequest, sink: SiblingSink) => {
      const told: string[] = [];
      arrived.push({ request, sink, told });
      const credit = (count: number): void => void told.push(`credit ${count}`);
      return { cancel: () => void told.push("cancel"), credit };
    },
  };
  const thread = new ThreadSiblings((message, transfer = []) => {
    said.push(message);
    const posted = structuredClone(message, { transfer: [...transfer] });
    relay.hear(posted as CallMessage, hasBatch ? caller : undefined);
  });
  const sink: SiblingSink = {
    respond: ({ outputs }, isFinal) => void heard.push([outputs.map(elementsOf), isFinal]),
    fail: ({ code, message, retryAfterS }) => void heard.push([code, message, retryAfterS]),
  };
  return { thread, arrived, said, heard, sink };
}

const request: SiblingRequest = {
  modelName: "other",
  version: 3,
  inputs: [numbers("x", [1, 2], [1, 2]), { name: "n", value: [[5n]] }, numbers("z", [1, 1], [3])],
  options: { id: "r1", parameters: { n: 5n } },
  isStream: true,
  deadlineMs: 1e6,
};

test("a request arrives as it was, and its answers too", () => {
  const { thread, arrived, heard, sink } = connect();
  thread.send(4, request, sink);
  const [call] = arrived;
  check.ok(call);
  const { inputs, deadlineMs, ...others } = call.request;
  const { inputs: _, deadlineMs: sentMs, ...expected } = request;
  check.deepEqual(others, expected);
  check.ok(Math.abs(deadlineMs - sentMs) < 1e-3);
  const shown = inputs.map((input) => ("value" in input ? input.value : elementsOf(input)));
  check.deepEqual(shown.sort(), [[[5n]], [1, 2], [3]].sort());

  const whole = numbers("y", [2, 1], [7, 8]);
  call.sink.respond({ outputs: [whole] }, false);
  call.sink.fail(new InferenceError("UNAVAILABLE", "not now", { retryAfterS: 2 }));
  check.deepEqual(heard, [
    [[[7, 8]], false],
    ["UNAVAILABLE", "not now", 2],
  ]);
  check.deepEqual(elementsOf(whole), [7, 8], "others may have a part of it");
});

test("credit and cancellation reach their call while it is open", () => {
  const { thread, arrived, said, sink } = connect();
  const one = thread.send(0, request, sink);
  const other = thread.send(0, request, sink);
  one.credit(3);
  other.cancel();
  check.deepEqual(
    arrived.map(({ told }) => told),
    [["credit 3"], ["cancel"]],
  );
  arrived[0]?.sink.respond({ outputs: [] }, true);
  const before = said.length;
  one.credit(1);
  one.cancel();
  check.equal(said.length, before);
});

test("without a deadline it stays without one", () => {
  const { thread, arrived, sink } = connect();
  thread.send(0, { ...request, deadlineMs: Number.POSITIVE_INFINITY }, sink);
  check.equal(arrived[0]?.request.deadlineMs, Number.POSITIVE_INFINITY);
});

test("a call of a batch that has ended is answered, too", () => {
  const { thread, heard, sink } = connect(false);
  thread.send(0, request, sink);
  check.deepEqual(heard, [["INTERNAL", "internal error", undefined]]);
});

test("what cannot be cloned is not sent", () => {
  const { thread, arrived, sink } = connect();
  const inputs = [{ name: "x", value: () => 1 }];
  check.throws(() => thread.send(0, { ...request, inputs }, sink), {
    code: "INVALID_ARGUMENT",
    message: /^inputs for model 'other' cannot leave the thread: \(\) => 1 could not be cloned/,
  });
  check.deepEqual(arrived, []);
});
