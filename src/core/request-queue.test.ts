/** Lanes of a queue: which there are, and in which order. What leaves them, the simulation tests. */
import { strict as check } from "node:assert";
import test from "node:test";
import { inferRequest } from "../testing/core-fixture.ts";
import { RequestQueue } from "./request-queue.ts";
import { ScheduledRequest } from "./scheduled-request.ts";

const sink = { respond(): void {}, fail(): void {} };

function waiting(bucket: string | undefined): ScheduledRequest {
  return new ScheduledRequest({
    request: inferRequest(),
    sink,
    owner: { cancelRequest(): void {} },
    rows: 1,
    key: 0,
    cost: 0,
    bucket,
    arrivedAtMs: 0,
    arrivalIndex: 0,
    deadlineMs: Infinity,
    waitingBytes: 0,
  });
}

test("lanes come with their first request and go with their last", () => {
  const queue = new RequestQueue(undefined);
  const [a, b, c] = ["a", "b", "a"].map(waiting) as [
    ScheduledRequest,
    ScheduledRequest,
    ScheduledRequest,
  ];
  for (const request of [a, b, c]) queue.append(request, 0);
  const firsts = (): unknown => queue.lanes().map((lane) => lane.first());
  check.deepEqual(firsts(), [a, b]);
  queue.remove(a);
  check.deepEqual(firsts(), [b, c]);
  check.equal(queue.firstLane()?.first(), b);
  queue.remove(b);
  check.deepEqual(firsts(), [c]);
  queue.remove(c);
  check.deepEqual([firsts(), queue.firstLane(), queue.length], [[], undefined, 0]);
});

test("a model without buckets has one lane", () => {
  const queue = new RequestQueue(undefined);
  check.deepEqual([queue.lanes().length, queue.firstLane()], [0, undefined]);
  const request = waiting(undefined);
  queue.append(request, 0);
  check.deepEqual([queue.lanes().length, queue.firstLane()?.first()], [1, request]);
});
