/** A batch on its way through a model, inline and in a thread: what its readers do reaches it. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { BackendCall } from "../backends/backend.ts";
import { batchOf, numbers } from "../testing/batch-fixture.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { noSiblings } from "../testing/executor-fixture.ts";
import { InlineCall } from "./inline-call.ts";
import { flagBytes, slotFlags } from "./messages.ts";
import { responseWindow } from "./response-outlet.ts";
import { ThreadCall } from "./thread-call.ts";
import { ThreadSiblings } from "./thread-siblings.ts";

interface Reached {
  readonly call: BackendCall & { readonly hasEnded: boolean };
  credit(requestIndex: number, count: number): void;
  abort(requestIndex: number): void;
  end(): void;
}

const inputs = [numbers("x", [1, 1], [1])];

const kinds: Readonly<Record<string, () => Reached>> = {
  inline: () => {
    const config = modelConfig({ options: { maxBatchSize: 4 }, isDecoupled: true });
    const emit = { respond() {}, fail() {}, done() {}, failed() {} };
    const copied = { inputs: 0, outputs: 0 };
    const call = new InlineCall(
      { config, copied, log() {}, siblings: noSiblings },
      batchOf(inputs, inputs),
      emit,
      0,
    );
    return {
      call,
      credit: (index, count) => call.credit(index, count),
      abort: (index) => call.abort(index),
      end: () => call.end(),
    };
  },

  thread: () => {
    const [maxRequests, slot] = [2, 1];
    const flags = new Int32Array(new SharedArrayBuffer(flagBytes(2, maxRequests)));
    const places = slotFlags(slot, maxRequests);
    const request = { id: "", parameters: {}, requestedOutputs: [], rows: 1 };
    const requests = [request, request];
    const message = { type: "execute", slot, inputs, rows: 2, requests } as const;
    const outlet = { respond() {}, fail() {}, waits() {} };
    const siblings = new ThreadSiblings(() => {});
    const call = new ThreadCall(message, { flags, maxRequests, outlet, log() {}, siblings });
    return {
      call,
      credit: (index, count) => {
        Atomics.add(flags, places.credit + 2 * index, count);
        call.noticeFlags();
      },
      abort: (index) => {
        Atomics.store(flags, places.abort + 2 * index, 1);
        call.noticeFlags();
      },
      end: () => call.end(),
    };
  },
};

/** What is waited for, and whether it has come. */
function watch(room: Promise<void> | undefined): { hasCome: boolean } {
  const watched = { hasCome: false };
  void Promise.resolve(room).then(() => {
    watched.hasCome = true;
  });
  return watched;
}

async function turnOfTheLoop(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** To the first of two requests, until there is no room. */
function fill({ responses }: BackendCall): void {
  const outputs = [numbers("y", [1, 1], [1])];
  for (let left = responseWindow.responses; left > 0; left -= 1) {
    responses.respond({ requestIndex: 0, outputs, copiedBytes: 0, isFinal: false });
  }
}

for (const [kind, start] of Object.entries(kinds)) {
  test(`${kind}: credit is for its request alone`, async () => {
    const { call, credit } = start();
    fill(call);
    const room = watch(call.responses.whenRoom(0));
    credit(1, 1);
    await turnOfTheLoop();
    check.equal(room.hasCome, false);
    credit(0, 1);
    await turnOfTheLoop();
    check.equal(room.hasCome, true);
  });

  test(`${kind}: who goes is not waited for`, async () => {
    const { call, abort } = start();
    fill(call);
    const room = watch(call.responses.whenRoom(undefined));
    abort(1);
    await turnOfTheLoop();
    check.deepEqual([room.hasCome, call.requests[1]?.isAborted()], [false, true]);
    check.deepEqual([call.signal.aborted, call.responses.isOver], [false, false]);
    abort(0);
    await turnOfTheLoop();
    check.deepEqual([room.hasCome, call.signal.aborted, call.responses.isOver], [true, true, true]);
  });

  test(`${kind}: whoever waits for room at the end need not any more`, async () => {
    const { call, end } = start();
    fill(call);
    const room = watch(call.responses.whenRoom(0));
    end();
    await turnOfTheLoop();
    check.deepEqual([room.hasCome, call.hasEnded, call.signal.aborted], [true, true, false]);
    check.throws(() => fill(call), /infer has settled/);
  });
}
