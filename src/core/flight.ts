/**
 * Flight: one run of the model, and those that wait for its answer.
 *
 * The run's answer, and an error of the model, is everybody's. What concerns one of them alone is
 * not:
 *   who leaves              leaves; the last one takes the run with him
 *   whose patience is over  is refused; the run waits on, in its place in the queue, for those who
 *                           came later, as long as the first of these is willing to wait
 *
 * The last one is ended by the run's own end, so that the run's entry in the counters is his.
 *
 * A sink is foreign code: it may act on this flight again. So everything is in its final state
 * before a sink is called.
 */
import { type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { InferResponse, RequestTiming } from "../protocol/infer.ts";
import type { TrackedRequest } from "./deadline-heap.ts";
import type { PendingRequest, ResponseSink } from "./scheduler.ts";
import { type SharingOptions, tell } from "./sharing.ts";

export interface FlightOwner {
  readonly options: SharingOptions;
  /** Nobody may join any more. Perhaps more than once. */
  closed(flight: Flight): void;
  /** He has heard his end, or is about to. */
  left(waiter: Waiter): void;
}

export interface WaiterFields {
  readonly id: string;
  readonly sink: ResponseSink;
  readonly arrivedAtMs: number;
  readonly arrivalIndex: number;
  readonly deadlineMs: number;
}

/** Somebody who waits for the answer, and what his caller holds. */
export class Waiter implements PendingRequest, TrackedRequest {
  readonly id: string;
  readonly sink: ResponseSink;
  readonly arrivedAtMs: number;
  readonly arrivalIndex: number;
  readonly dueMs: number;
  isTracked = false;
  stage: "waiting" | "ended" = "waiting";
  flight: Flight | undefined = undefined;

  constructor(fields: WaiterFields) {
    this.id = fields.id;
    this.sink = fields.sink;
    this.arrivedAtMs = fields.arrivedAtMs;
    this.arrivalIndex = fields.arrivalIndex;
    this.dueMs = fields.deadlineMs;
  }

  cancel(): void {
    this.leave(new InferenceError("CANCELLED", "Request cancelled"));
  }

  /** Only models that stream wait for it, and those share nothing. */
  credit(): void {}

  leave(error: InferenceError): void {
    if (this.stage === "waiting") this.flight?.leave(this, error);
  }
}

export class Flight implements ResponseSink {
  readonly name: string;
  readonly #owner: FlightOwner;
  readonly #startedAtMs: number;
  /** In order of arrival. */
  #waiters: Waiter[];
  /** Whose patience the run's is: of those who arrived then. */
  #patienceFromMs: number;
  /** Why the last one left. */
  #lastWord: InferenceError | undefined = undefined;
  isOpen = true;
  run: PendingRequest | undefined = undefined;

  constructor(owner: FlightOwner, name: string, first: Waiter) {
    this.#owner = owner;
    this.name = name;
    this.#waiters = [first];
    this.#startedAtMs = first.arrivedAtMs;
    this.#patienceFromMs = first.arrivedAtMs;
    first.flight = this;
  }

  join(waiter: Waiter): void {
    waiter.flight = this;
    this.#waiters.push(waiter);
    this.#owner.options.statistics.requestFollows();
  }

  leave(waiter: Waiter, error: InferenceError): void {
    if (this.#waiters.length === 1) {
      this.#lastWord = error;
      this.run?.cancel();
      return;
    }
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    this.#failOne(waiter, "CANCELED");
    this.#tellError(waiter, error);
  }

  respond(response: InferResponse, isFinal: boolean): void {
    this.#close();
    if (!isFinal) {
      this.#respondEarly(response);
      return;
    }
    const { statistics, clock } = this.#owner.options;
    const [, ...others] = this.#waiters;
    for (const { arrivedAtMs } of others) {
      const { queueMs } = timingSince(arrivedAtMs - this.#startedAtMs, response.timing);
      statistics.followerSucceeded(clock.nowMs() - arrivedAtMs, queueMs);
    }
    const shared: InferResponse = others.length === 0 ? response : { ...response, isShared: true };
    for (const waiter of this.#endAll()) this.#tellResponse(waiter, shared, true);
  }

  #respondEarly(response: InferResponse): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.stage === "waiting") {
        this.#tellResponse(waiter, { ...response, isShared: true }, false);
      }
    }
  }

  fail(error: InferenceError, reason: FailureReason = error.reason): void {
    this.#close();
    const [, ...others] = this.#waiters;
    for (const waiter of others) this.#failOne(waiter, reason);
    for (const waiter of this.#endAll()) this.#tellError(waiter, this.#lastWord ?? error);
  }

  /** Who came later waits on. If nobody did, the run fails, and all with it. */
  expired(error: InferenceError): number {
    const next = this.#waiters.find(({ arrivedAtMs }) => arrivedAtMs > this.#patienceFromMs);
    if (next === undefined) return 0;
    const moreMs = next.arrivedAtMs - this.#patienceFromMs;
    const overdue = this.#waiters.slice(0, this.#waiters.indexOf(next));
    this.#waiters = this.#waiters.slice(overdue.length);
    this.#patienceFromMs = next.arrivedAtMs;
    for (const waiter of overdue) this.#failOne(waiter, "REJECTED");
    for (const waiter of overdue) this.#tellError(waiter, error);
    return moreMs;
  }

  #close(): void {
    this.isOpen = false;
    this.#owner.closed(this);
  }

  #endAll(): readonly Waiter[] {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) this.#end(waiter);
    return waiters;
  }

  /** Beside those whose end is the run's. */
  #failOne(waiter: Waiter, reason: FailureReason): void {
    const { statistics, clock } = this.#owner.options;
    statistics.followerFailed(clock.nowMs() - waiter.arrivedAtMs, reason);
    this.#end(waiter);
  }

  #end(waiter: Waiter): void {
    if (waiter.stage === "ended") return;
    waiter.stage = "ended";
    this.#owner.left(waiter);
  }

  #tellError({ id, sink }: Waiter, error: InferenceError): void {
    tell(this.#owner.options, id, () => sink.fail(error));
  }

  #tellResponse(
    { id, sink, arrivedAtMs }: Waiter,
    response: InferResponse,
    isFinal: boolean,
  ): void {
    const timing = timingSince(arrivedAtMs - this.#startedAtMs, response.timing);
    tell(this.#owner.options, id, () => sink.respond({ ...response, id, timing }, isFinal));
  }
}

/** Of the parts of the run's life, what is left for somebody who came so much later. */
function timingSince(lateMs: number, timing: RequestTiming): RequestTiming {
  if (lateMs <= 0) return timing;
  let skipMs = lateMs;
  const rest = (partMs: number): number => {
    const leftMs = Math.max(0, partMs - skipMs);
    skipMs = Math.max(0, skipMs - partMs);
    return leftMs;
  };
  return {
    queueMs: rest(timing.queueMs),
    batchMs: rest(timing.batchMs),
    computeMs: rest(timing.computeMs),
    outputMs: rest(timing.outputMs),
  };
}
