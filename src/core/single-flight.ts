/**
 * Single-flight: requests that ask for the same thing while it is being computed share one run.
 *
 * The first of them starts a flight (flight.ts), whose run is a request of the scheduler behind;
 * those that come before its first answer wait for it too. The run has no deadline: the flight
 * goes on as long as anybody waits, and who leaves (cancelled, out of time) leaves alone. Requests of
 * different priorities or timeouts do not share: the one would wait as the other does.
 *
 * Those that wait keep no inputs. `limits.maxWaitingRequests` bounds them too: when so many follow
 * others, the next has a run of its own, which the queue and its limits take or refuse.
 *
 * Statistics: the run's own entry in the counters stands for one of those that wait, and is all that
 * counts as execution and inference. The others are counted here, and end exactly once as well:
 *   accepted = success + fail + pending + executing + following
 *
 * Not here: what is equal (request-key.ts), who gets what when the run ends (flight.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { DeadlineHeap } from "./deadline-heap.ts";
import { Flight, type FlightOwner, Waiter } from "./flight.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink, Scheduler } from "./scheduler.ts";
import { isShareable, type SharingOptions, sharingKey } from "./sharing.ts";

const never = Number.POSITIVE_INFINITY;

export class SingleFlight implements Scheduler, FlightOwner {
  readonly options: SharingOptions;
  readonly #scheduler: Scheduler;
  /** Those that others may join. */
  readonly #flights = new Map<string, Flight>();
  readonly #deadlines = new DeadlineHeap<Waiter>();
  #arrivalCount = 0;
  #wakeMs: number = never;
  #cancelWake: () => void = () => {};
  #isDraining = false;

  constructor(scheduler: Scheduler, options: SharingOptions) {
    this.#scheduler = scheduler;
    this.options = options;
  }

  enqueue(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    const { deadlineMs } = options;
    if (this.#isDraining || !isShareable(request, deadlineMs, this.options)) {
      return this.#scheduler.enqueue(request, sink, options);
    }
    const key = sharingKey(request, options, this.options);
    const name = `${request.priority} ${request.timeoutMs} ${key}`;
    const joined = this.#flights.get(name);
    const waiter = this.#waiter(request, sink, deadlineMs);
    if (joined !== undefined && !this.#isCrowded()) joined.join(waiter);
    else {
      const flight = new Flight(this, name, waiter);
      // Answers may come before this returns.
      const ofRun = { ...options, deadlineMs: never, key };
      flight.run = this.#scheduler.enqueue(request, flight, ofRun);
      if (flight.isOpen && joined === undefined) this.#flights.set(name, flight);
    }
    if (waiter.stage === "waiting" && deadlineMs !== never) {
      this.#deadlines.add(waiter);
      this.#setWake();
    }
    return waiter;
  }

  /** Who waits is told within the end of the run that he waits for. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#scheduler.drain();
    this.#cancelWake();
    this.#wakeMs = never;
  }

  get isIdle(): boolean {
    return this.#scheduler.isIdle;
  }

  close(): void {
    this.#scheduler.close();
  }

  failAll(error: InferenceError): void {
    this.#scheduler.failAll(error);
  }

  closed(flight: Flight): void {
    if (this.#flights.get(flight.name) === flight) this.#flights.delete(flight.name);
  }

  left({ isTracked }: Waiter): void {
    if (isTracked) this.#deadlines.noteEnded();
  }

  #waiter({ id }: InferRequest, sink: ResponseSink, deadlineMs: number): Waiter {
    const arrivalIndex = this.#arrivalCount;
    this.#arrivalCount += 1;
    const arrivedAtMs = this.options.clock.nowMs();
    return new Waiter({ id, sink, arrivedAtMs, arrivalIndex, deadlineMs });
  }

  #isCrowded(): boolean {
    const { config, statistics } = this.options;
    return statistics.followingCount >= config.limits.maxWaitingRequests;
  }

  #setWake(): void {
    const wakeMs = this.#deadlines.wakeMs();
    if (wakeMs === this.#wakeMs) return;
    this.#cancelWake();
    this.#wakeMs = wakeMs;
    if (wakeMs === never) return;
    this.#cancelWake = this.options.clock.wakeAt(wakeMs, () => {
      this.#wakeMs = never;
      this.#endOverdue();
    });
  }

  #endOverdue(): void {
    const nowMs = this.options.clock.nowMs();
    for (;;) {
      const waiter = this.#deadlines.takeDue(nowMs);
      if (waiter === undefined) break;
      waiter.leave(new InferenceError("DEADLINE_EXCEEDED", "Deadline Exceeded"));
    }
    this.#setWake();
  }
}
