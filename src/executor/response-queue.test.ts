/** Response queue: everything is said, in order, in few messages. Time is what the test says. */
import { strict as check } from "node:assert";
import { mock, test } from "node:test";
import fc from "fast-check";
import type { WireTensor } from "../protocol/tensor.ts";
import type { ResponseItem } from "./messages.ts";
import { ResponseQueue } from "./response-queue.ts";

interface Message {
  readonly items: readonly ResponseItem[];
  readonly transfer: readonly ArrayBuffer[];
}

let nowMs = 0;

mock.method(performance, "now", () => nowMs);

function start(): { readonly queue: ResponseQueue; readonly sent: Message[] } {
  const sent: Message[] = [];
  return { queue: new ResponseQueue((items, transfer) => sent.push({ items, transfer })), sent };
}

function tensor(...chunks: readonly Uint8Array[]): WireTensor {
  const byteLength = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  return { name: "y", datatype: "UINT8", shape: [byteLength], chunks, byteLength };
}

/** The so manieth: its slot tells. */
function item(slot: number, ...outputs: readonly WireTensor[]): ResponseItem {
  return { slot, requestIndex: 0, outputs, copiedBytes: 0, isFinal: false };
}

const failure: ResponseItem = {
  slot: 0,
  requestIndex: 0,
  error: { code: "INTERNAL", message: "", reason: "BACKEND", retryAfterS: undefined, causes: [] },
};

async function turnOfTheLoop(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

type Step = { readonly push: number } | { readonly passMs: number } | "flush" | "turn";

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ push: fc.constantFrom(1, 2, 70) }) },
  { weight: 3, arbitrary: fc.record({ passMs: fc.constantFrom(0.1, 0.5, 1) }) },
  { weight: 1, arbitrary: fc.constant("flush" as const) },
  { weight: 1, arbitrary: fc.constant("turn" as const) },
);

/** Items that are pushed have the next numbers. Returns how many that were. */
async function take(step: Step, queue: ResponseQueue, next: number): Promise<number> {
  if (step === "turn") await turnOfTheLoop();
  else if (step === "flush") queue.flush();
  else if ("passMs" in step) nowMs += step.passMs;
  else {
    for (let count = 0; count < step.push; count += 1) queue.push(item(next + count));
    return step.push;
  }
  return 0;
}

test("nothing is lost, doubled or overtaken, whatever happens between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep), async (steps) => {
      const { queue, sent } = start();
      let count = 0;
      for (const step of steps) count += await take(step, queue, count);
      await turnOfTheLoop();
      const slots = sent.flatMap(({ items }) => items.map(({ slot }) => slot));
      check.deepEqual(slots, [...Array(count).keys()]);
      for (const { items } of sent) check.ok(items.length >= 1 && items.length <= 64);
    }),
    { numRuns: 300 },
  );
});

test("what comes alone goes at once", () => {
  const { queue, sent } = start();
  queue.push(item(0));
  nowMs += 0.6;
  queue.push(item(1));
  check.equal(sent.length, 2);
});

test("what comes shortly after a message waits for company until the turn ends", async () => {
  const { queue, sent } = start();
  for (const slot of [0, 1, 2, 3]) queue.push(item(slot));
  check.equal(sent.length, 1);
  await turnOfTheLoop();
  check.deepEqual(
    sent.map(({ items }) => items.map(({ slot }) => slot)),
    [[0], [1, 2, 3]],
  );
});

test("it does not wait on while the model computes", () => {
  const { queue, sent } = start();
  queue.push(item(0));
  queue.push(item(1));
  nowMs += 0.6;
  queue.push(item(2));
  check.deepEqual(
    sent.map(({ items }) => items.length),
    [1, 2],
  );
});

test("before anything else is said all that waits is", async () => {
  const { queue, sent } = start();
  queue.push(item(0));
  queue.push(item(1));
  queue.flush();
  check.equal(sent.length, 2);
  queue.flush();
  await turnOfTheLoop();
  check.equal(sent.length, 2);
});

test("each buffer is transferred once, of whatever it is part", async () => {
  const { queue, sent } = start();
  const [one, other] = [new Uint8Array(4), new Uint8Array(8)];
  queue.push(item(0));
  queue.push(item(1, tensor(one, other.subarray(4)), tensor(other.subarray(0, 4))));
  queue.push(failure);
  queue.push(item(2, tensor(one)));
  await turnOfTheLoop();
  check.deepEqual(sent[1]?.items.length, 3);
  check.deepEqual(new Set(sent[1]?.transfer), new Set([one.buffer, other.buffer]));
  check.equal(sent[1]?.transfer.length, 2);
});
