/**
 * The deadline heap against a plain list that is searched each time, over random histories.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { inferRequest } from "../testing/core-fixture.ts";
import { DeadlineHeap } from "./deadline-heap.ts";
import { ScheduledRequest } from "./scheduled-request.ts";

const sink = { respond(): void {}, fail(): void {} };
const owner = { cancelRequest(): void {} };

function requestDue(dueMs: number, arrivalIndex: number): ScheduledRequest {
  const scheduled = new ScheduledRequest({
    request: inferRequest(),
    sink,
    owner,
    rows: 1,
    key: 0,
    cost: 0,
    bucket: undefined,
    arrivedAtMs: 0,
    arrivalIndex,
    deadlineMs: Infinity,
    waitingBytes: 0,
  });
  scheduled.dueMs = dueMs;
  return scheduled;
}

/** As the scheduler ends a request. */
function end(heap: DeadlineHeap<ScheduledRequest>, request: ScheduledRequest): void {
  request.stage = "ended";
  if (request.isTracked) heap.noteEnded();
}

/** All that are due, in the order in which they come. */
function takeAll(heap: DeadlineHeap<ScheduledRequest>, nowMs: number): ScheduledRequest[] {
  const taken: ScheduledRequest[] = [];
  for (;;) {
    const request = heap.takeDue(nowMs);
    if (request === undefined) return taken;
    taken.push(request);
  }
}

test("an empty heap never wakes", () => {
  const heap = new DeadlineHeap<ScheduledRequest>();
  check.equal(heap.wakeMs(), Infinity);
  check.equal(heap.takeDue(Infinity), undefined);
});

test("a request is due after its moment, not at it; the timer is set so that it is due", () => {
  const heap = new DeadlineHeap<ScheduledRequest>();
  const request = requestDue(10, 0);
  heap.add(request);
  check.equal(request.isTracked, true);
  check.equal(heap.takeDue(10), undefined);
  check.ok(heap.wakeMs() > 10 && heap.wakeMs() < 10.01);
  check.equal(heap.takeDue(heap.wakeMs()), request);
  check.equal(request.isTracked, false);
  check.equal(heap.wakeMs(), Infinity);
});

test("requests that are due together come in the order of their arrival", () => {
  const heap = new DeadlineHeap<ScheduledRequest>();
  const requests = [3, 1, 4, 0, 2].map((arrival) => requestDue(5, arrival));
  for (const request of requests) heap.add(request);
  check.deepEqual(
    takeAll(heap, 6).map(({ arrivalIndex }) => arrivalIndex),
    [0, 1, 2, 3, 4],
  );
});

test("one that was taken may be tracked again, for another moment", () => {
  const heap = new DeadlineHeap<ScheduledRequest>();
  const request = requestDue(5, 0);
  heap.add(request);
  check.equal(heap.takeDue(6), request);
  request.dueMs = 20;
  heap.add(request);
  check.equal(heap.takeDue(20), undefined);
  check.equal(heap.takeDue(21), request);
});

/** A heap of so many, due one after another. */
function heapOf(length: number): {
  heap: DeadlineHeap<ScheduledRequest>;
  requests: ScheduledRequest[];
} {
  const heap = new DeadlineHeap<ScheduledRequest>();
  const requests = Array.from({ length }, (_, index) => requestDue(index, index));
  for (const request of requests) heap.add(request);
  return { heap, requests };
}

function trackedOf(requests: readonly ScheduledRequest[]): number {
  return requests.filter(({ isTracked }) => isTracked).length;
}

test("ended ones are swept out as soon as they are the majority, each time anew", () => {
  const { heap, requests } = heapOf(200);
  for (const request of requests.slice(100)) end(heap, request);
  check.equal(trackedOf(requests), 200);
  end(heap, requests[99]!);
  check.equal(trackedOf(requests), 99);
  for (const request of requests.slice(50, 99)) end(heap, request);
  check.equal(trackedOf(requests), 99);
  end(heap, requests[49]!);
  check.equal(trackedOf(requests), 49);
  check.deepEqual(takeAll(heap, Infinity), requests.slice(0, 49));
});

test("ended ones that have come up are not counted again", () => {
  const { heap, requests } = heapOf(200);
  for (const request of requests.slice(0, 100)) end(heap, request);
  check.ok(heap.wakeMs() > 100);
  check.equal(trackedOf(requests), 100);
  for (const request of requests.slice(150)) end(heap, request);
  check.equal(trackedOf(requests), 100);
  end(heap, requests[149]!);
  check.equal(trackedOf(requests), 49);
});

test("a few are not worth sweeping", () => {
  const { heap, requests } = heapOf(63);
  for (const request of requests) end(heap, request);
  check.equal(trackedOf(requests), 63);
  check.equal(heap.wakeMs(), Infinity);
  check.equal(trackedOf(requests), 0);
});

/** Some soon, so that they come up together; some late, so that they end before. */
const inMs = fc.oneof(fc.nat(30), fc.nat(5000));

/** What happens: a new request, the end of one, or some time passes. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("add" as const), inMs }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("end" as const), which: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(10) }) },
);

test("whatever happens, it gives what a sorted list gives", () => {
  const steps = fc.array(step, { minLength: 100, maxLength: 400, size: "max" });
  fc.assert(
    fc.property(steps, (history) => {
      const heap = new DeadlineHeap<ScheduledRequest>();
      let alive: ScheduledRequest[] = [];
      let nowMs = 0;
      for (const [index, event] of history.entries()) {
        if (event.kind === "add") {
          const request = requestDue(nowMs + event.inMs, index);
          alive.push(request);
          heap.add(request);
        } else if (event.kind === "end") {
          const [ended] = alive.splice(event.which % Math.max(1, alive.length), 1);
          if (ended !== undefined) end(heap, ended);
        } else {
          nowMs += event.ms;
          const due = alive.filter(({ dueMs }) => nowMs > dueMs).sort(bySoonest);
          check.deepEqual(takeAll(heap, nowMs), due);
          alive = alive.filter((request) => !due.includes(request));
        }
        const soonestMs = Math.min(...alive.map(({ dueMs }) => dueMs));
        check.ok(heap.wakeMs() === soonestMs || heap.wakeMs() - soonestMs <= 0.0011);
        check.ok(heap.wakeMs() > soonestMs || soonestMs === Infinity);
      }
      check.deepEqual(takeAll(heap, Infinity), alive.sort(bySoonest));
      check.ok(alive.every(({ isTracked }) => !isTracked));
    }),
    { numRuns: 300 },
  );
});

function bySoonest(one: ScheduledRequest, other: ScheduledRequest): number {
  return one.dueMs - other.dueMs || one.arrivalIndex - other.arrivalIndex;
}
