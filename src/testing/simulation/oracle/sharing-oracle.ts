/**
 * Answers that several requests of one loaded model share, as the oracle expects them: what is known
 * is not computed, and what is being computed is waited for.
 *
 * It stands between the callers and the model. A run is what the model is asked; a flight is a run
 * with those who wait for its answer, in order of arrival. A flight lasts as long as anybody waits:
 * the patience of a run in the queue is that of its first waiter, then that of the next; and the
 * run's own entry in the counters is that of whoever is left at its end, the others have their own.
 *
 * Nothing is shared with who is out of time, with a model that drains, or is out of service.
 */
import type { RequestPlan } from "../plans.ts";
import { Agenda } from "./agenda.ts";
import type { CacheOracle } from "./cache-oracle.ts";
import type { FailureReason } from "./expected-counters.ts";
import type { ModelOracle } from "./model-oracle.ts";
import { cancelled, errorText, expired, type OracleError, outOfTime } from "./oracle-errors.ts";
import {
  type AroundModel,
  lengthsText,
  logPageOf,
  type News,
  type OracleRequest,
  type Response,
  responseText,
  type Waiting,
} from "./oracle-request.ts";

/** What somebody who sent a request can do about it. */
export interface Sent {
  cancel(): void;
  take(count: number): void;
  takeLater(count: number, atMs: number): void;
}

interface Run {
  readonly plan: RequestPlan;
  /** Under which its answer is kept; undefined: it is not. */
  readonly key: string | undefined;
  readonly flight: Flight | undefined;
  /** There was a response before the last. */
  hadParts: boolean;
}

interface Flight {
  readonly key: string;
  readonly sinceMs: number;
  waiters: readonly Waiter[];
  patienceSinceMs: number;
  isOpen: boolean;
  request: OracleRequest | undefined;
  lastWord: OracleError | undefined;
}

interface Waiter {
  readonly plan: RequestPlan;
  readonly arrivedAtMs: number;
  isOver: boolean;
}

/** A wait is over at the first microsecond after its end. */
const afterEndMs = 0.001;

export class SharingOracle implements Waiting {
  readonly #around: AroundModel;
  readonly #cache: CacheOracle;
  readonly #agenda = new Agenda();
  readonly #runs = new Map<number, Run>();
  #flights: readonly Flight[] = [];
  #model: ModelOracle | undefined = undefined;

  constructor(around: AroundModel, cache: CacheOracle) {
    this.#around = around;
    this.#cache = cache;
    around.counters.isCached = this.#shareBytes !== undefined;
  }

  get model(): ModelOracle {
    if (this.#model === undefined) throw new Error("the oracle has nothing to share");
    return this.#model;
  }

  set model(model: ModelOracle) {
    this.#model = model;
  }

  get loadNumber(): number {
    return this.#around.load.number;
  }

  /** Those of the model, and one for deadlines of those who wait together. */
  get timerCount(): number {
    return this.model.timerCount + (this.#around.load.model.singleFlight ? 1 : 0);
  }

  nextActMs(): number {
    return Math.min(this.#agenda.nextMs(), this.model.nextActMs());
  }

  nextDueMs(): number {
    return Math.min(this.#agenda.nextMs(), this.model.nextDueMs());
  }

  /** All whose time ends at one moment leave flights, before the model looks at others. */
  runNext(): void {
    const leaveMs = this.#agenda.nextMs();
    const isNow = leaveMs <= this.#around.time.nowMs;
    if (isNow || leaveMs <= this.model.nextDueMs()) this.#agenda.runNext();
    else this.model.runNext();
  }

  /** Undefined: it is over already. */
  arrive(plan: RequestPlan, hasRoomForBytes: boolean): Sent | undefined {
    const { load, time, coverage } = this.#around;
    const { model } = this;
    const isSharing =
      plan.deadlineMs >= time.nowMs && !model.isDraining && model.failure === undefined;
    if (!isSharing) return this.#ask({ plan, key: undefined }, hasRoomForBytes);
    const key = keyOf(plan);
    if (!load.model.singleFlight) return this.#look({ plan, key }, hasRoomForBytes);
    const flightKey = `${plan.priority} ${plan.timeoutMs} ${key}`;
    const flight = this.#flights.find((open) => open.isOpen && open.key === flightKey);
    const isCrowded = this.#followingCount >= load.model.limits.maxWaiting;
    if (flight !== undefined && isCrowded) coverage.count("flight is crowded");
    if (flight === undefined || isCrowded) {
      return this.#takeOff(plan, flight === undefined ? flightKey : "", hasRoomForBytes);
    }
    coverage.count(
      flight.request?.stage === "running" ? "flight joined as it runs" : "flight joined",
    );
    const waiter = { plan, arrivedAtMs: time.nowMs, isOver: false };
    flight.waiters = [...flight.waiters, waiter];
    this.#count();
    return this.#boarded(flight, waiter);
  }

  /** What its model says to a run, is heard by all that wait for it. */
  hear(plan: RequestPlan, news: News): void {
    const run = this.#runs.get(plan.number);
    if (run === undefined) {
      this.#around.callers.hear(plan, news);
      return;
    }
    if (news.isEnd) this.#runs.delete(plan.number);
    if (news.isEnd && news.response !== undefined) this.#computed(run, news.response);
    if (!news.isEnd) run.hadParts = true;
    if (run.flight === undefined) this.#around.callers.hear(plan, news);
    else this.#hearTogether(run.flight, news);
  }

  /** By how much somebody else is willing to wait longer; 0: nobody is. */
  outlasts({ number }: RequestPlan): number {
    const { coverage } = this.#around;
    const flight = this.#runs.get(number)?.flight;
    if (flight === undefined) return 0;
    const isOver = ({ arrivedAtMs }: Waiter): boolean => arrivedAtMs <= flight.patienceSinceMs;
    const rest = flight.waiters.filter((waiter) => !isOver(waiter));
    const [next] = rest;
    if (next === undefined) {
      if (flight.waiters.length > 1) coverage.count("flight expires together");
      return 0;
    }
    const overdue = flight.waiters.filter(isOver);
    const moreMs = next.arrivedAtMs - flight.patienceSinceMs;
    coverage.count("flight outlasts its first");
    flight.patienceSinceMs = next.arrivedAtMs;
    flight.waiters = rest;
    for (const waiter of overdue) this.#countFailure(waiter, "REJECTED");
    for (const waiter of overdue) this.#tell(waiter.plan, errorText(expired));
    return moreMs;
  }

  /** It is unloaded. */
  close(): void {
    if (this.#shareBytes !== undefined) this.#cache.clear(this.#around.load.number);
  }

  get #shareBytes(): number | undefined {
    return this.#cache.isOff ? undefined : this.#around.load.model.cacheBytes;
  }

  get #followingCount(): number {
    return this.#flights.reduce((sum, { waiters }) => sum + Math.max(0, waiters.length - 1), 0);
  }

  #count(): void {
    this.#around.counters.followingCount = this.#followingCount;
  }

  /** Without a key nobody may join. */
  #takeOff(plan: RequestPlan, key: string, hasRoom: boolean): Sent | undefined {
    const { nowMs } = this.#around.time;
    const waiter = { plan, arrivedAtMs: nowMs, isOver: false };
    const flight: Flight = {
      key,
      sinceMs: nowMs,
      waiters: [waiter],
      patienceSinceMs: nowMs,
      isOpen: false,
      request: undefined,
      lastWord: undefined,
    };
    this.#flights = [...this.#flights, flight];
    this.#look({ plan: { ...plan, deadlineMs: Infinity }, key: keyOf(plan), flight }, hasRoom);
    if (waiter.isOver) return undefined;
    flight.isOpen = key !== "";
    return this.#boarded(flight, waiter);
  }

  #boarded(flight: Flight, waiter: Waiter): Sent {
    const isWaiting = (): boolean => !waiter.isOver;
    this.#agenda.add(waiter.plan.deadlineMs + afterEndMs, isWaiting, () => {
      this.#around.coverage.count("out of time in a flight");
      this.#leave(flight, waiter, outOfTime);
    });
    return {
      cancel: () => {
        if (isWaiting()) this.#leave(flight, waiter, cancelled);
      },
      take: () => {},
      takeLater: () => {},
    };
  }

  #leave(flight: Flight, waiter: Waiter, error: OracleError): void {
    const { coverage } = this.#around;
    if (flight.waiters.length === 1) {
      coverage.count("last leaves a flight");
      flight.isOpen = false;
      flight.lastWord = error;
      if (flight.request !== undefined) this.model.cancel(flight.request);
      return;
    }
    coverage.count(flight.waiters[0] === waiter ? "first leaves a flight" : "one leaves a flight");
    flight.waiters = flight.waiters.filter((other) => other !== waiter);
    this.#countFailure(waiter, "CANCELED");
    this.#tell(waiter.plan, errorText(error));
  }

  /** In the cache first. */
  #look(run: Omit<Run, "hadParts" | "flight"> & { flight?: Flight }, hasRoom: boolean) {
    const { load, counters, coverage } = this.#around;
    if (this.#shareBytes === undefined || run.key === undefined) {
      return this.#ask({ ...run, key: undefined }, hasRoom);
    }
    const found = this.#cache.find(load.number, run.key);
    coverage.count(found === undefined ? "cache miss" : "cache hit");
    if (found === undefined) return this.#ask(run, hasRoom);
    if (this.model.statistics().instances.ready === 0)
      coverage.count("cache hit while all are busy");
    counters.hit();
    for (const waiter of run.flight?.waiters ?? []) waiter.isOver = true;
    this.#flights = this.#flights.filter((flight) => flight !== run.flight);
    const answer = { part: found.part, isEmpty: false, isFinal: true };
    this.#tell(run.plan, `${responseText(answer)} 0+0+0+0`);
    return undefined;
  }

  #ask(
    { plan, key, flight }: Omit<Run, "hadParts" | "flight"> & { flight?: Flight },
    hasRoom: boolean,
  ): Sent | undefined {
    const { model } = this;
    this.#runs.set(plan.number, { plan, key, flight, hadParts: false });
    const request = model.arrive(plan, hasRoom);
    if (request === undefined) return undefined;
    if (flight !== undefined) flight.request = request;
    return {
      cancel: () => model.cancel(request),
      take: (count) => model.take(request, count),
      takeLater: (count, atMs) => model.takeLater(request, count, atMs),
    };
  }

  #computed({ plan, key, hadParts }: Run, response: Response): void {
    const { load, counters, coverage } = this.#around;
    const shareBytes = this.#shareBytes;
    if (shareBytes === undefined || key === undefined) return;
    counters.missed();
    if (hadParts) coverage.count("cache keeps no parts");
    else if (this.model.isDraining) coverage.count("cache keeps nothing more");
    else this.#cache.keep({ load: load.number, key, shareBytes }, plan, response);
  }

  #hearTogether(flight: Flight, news: News): void {
    const { response, reason = "OTHER" } = news;
    const { waiters } = flight;
    flight.isOpen = false;
    if (news.isEnd) this.#land(flight, response, reason);
    const lastWord = flight.lastWord === undefined ? news.text : errorText(flight.lastWord);
    for (const { plan, arrivedAtMs, isOver } of waiters) {
      if (isOver && !news.isEnd) continue;
      const text =
        response === undefined
          ? lastWord
          : `${responseText(response)} ${timingText(flight.sinceMs, arrivedAtMs, response)}`;
      this.#around.callers.hear(plan, { ...news, text });
    }
  }

  /** All but the first have entries of their own in the counters. */
  #land(flight: Flight, response: Response | undefined, reason: FailureReason): void {
    const { waiters } = flight;
    const [, ...others] = waiters;
    if (others.length > 0) {
      this.#around.coverage.count(response === undefined ? "flight fails" : "flight lands");
    }
    for (const waiter of others) {
      if (response === undefined) this.#countFailure(waiter, reason);
      else this.#countSuccess(waiter, response);
    }
    for (const waiter of waiters) waiter.isOver = true;
    flight.waiters = [];
    this.#flights = this.#flights.filter((other) => other !== flight);
    this.#count();
  }

  #countSuccess({ arrivedAtMs }: Waiter, { moments }: Response): void {
    const queuedUntilMs = Math.max(arrivedAtMs, moments.startMs);
    this.#around.counters.followed({
      arrivedAtMs,
      queuedUntilMs,
      endedAtMs: this.#around.time.nowMs,
    });
  }

  #countFailure(waiter: Waiter, reason: FailureReason): void {
    waiter.isOver = true;
    this.#around.counters.failed(reason, waiter.arrivedAtMs, this.#around.time.nowMs);
    this.#count();
  }

  #tell(plan: RequestPlan, text: string): void {
    const { callers, page } = this.#around;
    callers.hear(plan, { page, logPage: logPageOf(this.#around), text, isEnd: true });
  }
}

/** All that a model is given: equal where it must answer the same. */
function keyOf({ content, flavor, requestedOutputs, inputs }: RequestPlan): string {
  const shapes = inputs.map(({ name, shape }) => `${name}[${shape.join()}]`).sort();
  return [content, flavor, `(${requestedOutputs.join()})`, ...shapes].join(" ");
}

/** Of the parts of the run's life those that this one lived through. */
function timingText(sinceMs: number, arrivedAtMs: number, { moments }: Response): string {
  const { startMs, inputEndMs, outputStartMs, endMs } = moments;
  const cuts = [sinceMs, startMs, inputEndMs, outputStartMs, endMs].map((cut) =>
    Math.max(cut, arrivedAtMs),
  );
  return lengthsText(cuts);
}
