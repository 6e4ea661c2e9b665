/** Calls of other models by one batch: what they are sent with, and what ends them. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { SiblingRequest, SiblingSink } from "../backends/sibling-calls.ts";
import { inferRequest, modelConfig } from "../testing/core-fixture.ts";
import { BatchSiblings, type SiblingOrigin } from "./batch-siblings.ts";

const never = Number.POSITIVE_INFINITY;

const request: SiblingRequest = {
  modelName: "other",
  version: undefined,
  inputs: [],
  options: {},
  isStream: false,
  deadlineMs: never,
};

interface Sent {
  readonly origin: SiblingOrigin;
  readonly sink: SiblingSink;
  isCancelled: boolean;
}

function batchOf(...requests: readonly { readonly id?: string; readonly deadlineMs?: number }[]) {
  const sent: Sent[] = [];
  const gone = new Set<number>();
  const siblings = new BatchSiblings({
    config: modelConfig({ name: "caller" }),
    batch: {
      requests: requests.map(({ id = "", deadlineMs = never }) => {
        return { request: inferRequest({ id, logId: `log ${id}` }), rows: 1, deadlineMs };
      }),
      rows: requests.length,
    },
    service: {
      call(_, origin, sink) {
        const call = { origin, sink, isCancelled: false };
        sent.push(call);
        const cancel = (): void => {
          call.isCancelled = true;
        };
        return { cancel, credit() {} };
      },
    },
    hasGone: (index) => gone.has(index),
  });
  const heard: string[] = [];
  const sink: SiblingSink = {
    respond: (_, isFinal) => void heard.push(isFinal ? "the last" : "one"),
    fail: ({ code }) => void heard.push(code),
  };
  const goes = (index: number): void => {
    gone.add(index);
    siblings.notice();
  };
  return { siblings, sent, heard, sink, goes };
}

test("the deadline is the latest of the batch, or the call's own if that is earlier", () => {
  for (const [deadlinesMs, ownMs, expectedMs] of [
    [[5, 9, 7], never, 9],
    [[5, 9, 7], 8, 8],
    [[5, 9, 7], 12, 9],
    [[5, never], never, never],
    [[5, never], 3, 3],
  ] as const) {
    const batch = batchOf(...deadlinesMs.map((deadlineMs) => ({ deadlineMs })));
    batch.siblings.send({ ...request, deadlineMs: ownMs }, batch.sink);
    check.equal(batch.sent[0]?.origin.deadlineMs, expectedMs);
  }
});

test("the id of a single request goes along; of several none does", () => {
  const single = batchOf({ id: "r1" });
  single.siblings.send(request, single.sink);
  const pair = batchOf({ id: "r1" }, { id: "r2" });
  pair.siblings.send(request, pair.sink);
  const idsOf = ({ origin: { id, logId, caller } }: Sent): unknown => [id, logId, caller.name];
  check.deepEqual(single.sent.map(idsOf), [["r1", "log r1", "caller"]]);
  check.deepEqual(pair.sent.map(idsOf), [["", "", "caller"]]);
});

test("open calls are cancelled when the last caller has gone, and no sooner", () => {
  const { siblings, sent, heard, sink, goes } = batchOf({}, {});
  for (let left = 3; left > 0; left -= 1) siblings.send(request, sink);
  sent[0]?.sink.respond({ outputs: [] }, true);
  sent[1]?.sink.respond({ outputs: [] }, false);
  goes(1);
  check.deepEqual(
    sent.map(({ isCancelled }) => isCancelled),
    [false, false, false],
  );
  goes(0);
  check.deepEqual(
    sent.map(({ isCancelled }) => isCancelled),
    [false, true, true],
  );
  siblings.send(request, sink);
  check.deepEqual(heard, ["the last", "one", "CANCELLED"]);
  check.equal(sent.length, 3);
});

test("when the batch has ended, open calls are cancelled and none is made any more", () => {
  const { siblings, sent, sink } = batchOf({});
  siblings.send(request, sink);
  siblings.close();
  check.equal(sent[0]?.isCancelled, true);
  check.throws(() => siblings.send(request, sink), /^Error: infer has settled/);
});
