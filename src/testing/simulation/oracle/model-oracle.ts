/**
 * One loaded model, as the oracle expects it: what waits, what runs, and who leaves when.
 *
 * All that waits is one list in order of arrival. Whenever something may have changed, everybody
 * whose time is over is sent away, and the rules are asked what leaves, until no instance is free
 * or nothing is ready:
 *   - at once when an instance becomes free;
 *   - at the end of the turn in which a request arrived or was cancelled while one was free;
 *   - at the first moment after the end of somebody's time, and when a delay is over.
 *
 * It goes by itself through everything that is due (`nextDueMs`, `runNext`).
 *
 * Not here: who is let in (entering.ts), which requests form a batch (batching-rules.ts),
 * instances (pool-oracle.ts), what an answer becomes (answers-oracle.ts).
 */
import type { InstanceScript } from "../../instance-script.ts";
import type { RequestPlan } from "../plans.ts";
import type { StatisticsFacts } from "../statistics-facts.ts";
import { AnswersOracle } from "./answers-oracle.ts";
import { decideAmong, inBuckets, levelOf, policyOf, rowsOf } from "./batching-rules.ts";
import { countBatch } from "./count-batch.ts";
import { patienceMs, whyFull, whyNotWhileDraining, whyTooCostly } from "./entering.ts";
import { ExecutionOracle } from "./execution-oracle.ts";
import type { FailureReason } from "./expected-counters.ts";
import { cancelled, expired, type OracleError, outOfTime } from "./oracle-errors.ts";
import {
  type Execution,
  endOfTimeMs,
  type OracleRequest,
  placeOf,
  type Surroundings,
} from "./oracle-request.ts";
import { PoolOracle, type PoolOwner } from "./pool-oracle.ts";

export interface ModelOwner {
  scriptFor(index: number, generation: number): InstanceScript;
  /** Once: all its instances are ready, or why they are not. */
  loadEnded(model: ModelOracle, error: OracleError | undefined): void;
  lookAtEndOfTurn(model: ModelOracle): void;
  /** It was in service, and never will be again. */
  outOfService(): void;
}

/** A wait is over at the first microsecond after its end. */
const afterEndMs = 0.001;

export class ModelOracle implements PoolOwner {
  readonly executions: ExecutionOracle;
  readonly #owner: ModelOwner;
  readonly #around: Surroundings;
  readonly #answers: AnswersOracle;
  readonly #pool: PoolOracle;
  readonly #startedAtMs: number;
  #waiting: OracleRequest[] = [];
  #running: OracleRequest[] = [];
  #arrivalCount = 0;
  #delayCount = 0;
  #isLooking = false;
  #willLook = false;
  /** Why it will never run anything again. */
  #failure: OracleError | undefined = undefined;
  /** It takes nothing new, and ends when it is empty. */
  isDraining = false;
  /** The server drains: it stays, for calls of others, until they have nothing left either. */
  waitsForOthers = false;
  #isStopped = false;

  constructor(owner: ModelOwner, around: Surroundings, startedAtMs: number) {
    this.#owner = owner;
    this.#around = around;
    this.#startedAtMs = startedAtMs;
    this.#answers = new AnswersOracle(around, (request) => this.#leave(request));
    this.executions = new ExecutionOracle(around, this.#answers);
    this.#pool = new PoolOracle(this, around);
  }

  get isReady(): boolean {
    return this.#pool.isReady;
  }

  /** Why it is out of service. */
  get failure(): OracleError | undefined {
    return this.#pool.failure;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#running.length === 0;
  }

  /** Nothing of it is left. */
  get isGone(): boolean {
    return this.isEmpty && this.#pool.openCount === 0;
  }

  /** It was meant to end, and has. */
  get isUnloaded(): boolean {
    return this.#isStopped && this.isGone;
  }

  get waitingPlans(): readonly RequestPlan[] {
    return this.#waiting.map(({ plan }) => plan);
  }

  /** One for the queue, one for each instance. */
  get timerCount(): number {
    return 1 + this.#pool.openCount;
  }

  start(): void {
    this.#pool.start();
  }

  /** Undefined: it was refused. */
  arrive(plan: RequestPlan, hasRoomForBytes: boolean): OracleRequest | undefined {
    const { load, time, coverage } = this.#around;
    const level = levelOf(plan.priority, load.model);
    const refusal =
      this.#whyClosed(plan) ??
      whyTooCostly(this.#around, plan) ??
      whyFull(this.#around, plan, { level, hasRoomForBytes, waiting: this.#waiting });
    if (refusal !== undefined) {
      this.#answers.refuse(plan, refusal);
      return undefined;
    }
    const request: OracleRequest = {
      plan,
      level,
      rows: rowsOf(plan, load.model),
      arrivedAtMs: time.nowMs,
      arrival: this.#arrivalCount,
      delayedAs: 0,
      expiresAtMs: time.nowMs + patienceMs(this.#around, plan, level),
      stage: "waiting",
      execution: undefined,
      index: 0,
      isAnswered: false,
      held: undefined,
      untaken: 0,
      heardCount: 0,
      computedMs: 0,
    };
    if (plan.deadlineMs < time.nowMs) coverage.count("out of time at arrival");
    this.#arrivalCount += 1;
    this.#waiting.push(request);
    this.#lookAtEndOfTurn();
    return request;
  }

  cancel(request: OracleRequest): void {
    const { stage, held } = request;
    const { coverage } = this.#around;
    if (held !== undefined) coverage.count("cancel held back");
    coverage.count(`cancel ${stage}`);
    if (request.untaken > 0) coverage.count("cancel untaken");
    if (stage === "running" && request.heardCount > 0) coverage.count("cancel streaming");
    if (stage === "waiting" && request.rows > 1) coverage.count("cancel waiting rows");
    this.#endFromOutside(request, cancelled, "CANCELED");
    // What is left may be just what was waited for.
    if (stage !== "waiting" || this.#pool.freeCount === 0) return;
    if (this.#waiting.length > 0 && typeof this.#decide() === "object" && !this.#willLook) {
      coverage.count("cancel makes others ready");
    }
    this.#lookAtEndOfTurn();
  }

  /** Its caller has taken responses of a stream, or says so. */
  take(request: OracleRequest, count: number): void {
    const { stage, untaken, held, execution, index } = request;
    const { coverage } = this.#around;
    if (stage !== "running") coverage.count(`take ${stage}`);
    const taken = count < untaken ? count : untaken;
    if (execution === undefined || taken === 0) return;
    coverage.count(taken < untaken ? "take some" : "take all");
    if (taken < count) coverage.count("take more than given");
    if (held !== undefined && held.length > 0) coverage.count("take held back");
    if (execution.moments !== undefined) coverage.count("take after the execution");
    request.untaken -= taken;
    execution.showLife();
    execution.credit(index, taken);
  }

  takeLater(request: OracleRequest, count: number, atMs: number): void {
    const isOpen = (): boolean => request.stage !== "ended";
    this.#pool.agenda.add(atMs, isOpen, () => {
      this.#around.coverage.count("take late");
      this.take(request, count);
    });
  }

  /**
   * Everything fails, and all instances end, whatever they do: first what waits, then what runs,
   * instance by instance. So what was held back is held back no more.
   */
  abandon(error: OracleError): void {
    this.waitsForOthers = false;
    const isHolding = this.#running.some(({ held }) => held !== undefined);
    if (isHolding) this.#around.coverage.count("abandon held back");
    this.#failWaiting(error);
    const inInstances = this.#running
      .filter(({ execution }) => execution?.moments === undefined)
      .sort((one, other) => placeOf(one) - placeOf(other));
    for (const request of [...inInstances, ...this.#running]) {
      this.#endFromOutside(request, error, error.reason);
    }
    this.#pool.abandon(error);
  }

  stopWhenEmpty(): void {
    if (!this.isDraining || this.waitsForOthers || !this.isEmpty || this.#isStopped) return;
    this.#isStopped = true;
    this.#pool.stop();
  }

  /** When something happens that is not about what waits. Infinity: never. */
  nextActMs(): number {
    const deadlinesMs = this.#running.map(({ plan }) => plan.deadlineMs);
    return Math.min(this.#pool.agenda.nextMs(), ...deadlinesMs);
  }

  nextDueMs(): number {
    return Math.min(this.#pool.agenda.nextMs(), this.#nextLookMs());
  }

  runNext(): void {
    if (this.#nextLookMs() <= this.#pool.agenda.nextMs()) this.look();
    else this.#pool.agenda.runNext();
  }

  look(): void {
    this.#isLooking = true;
    this.#willLook = false;
    do this.#sendAwayOverdue();
    while (this.#pool.freeCount > 0 && this.#handOverNext());
    this.#isLooking = false;
  }

  statistics(): StatisticsFacts {
    const { counters } = this.#around;
    counters.pendingCount = this.#waiting.length;
    counters.executingCount = this.#running.length;
    counters.instances = this.#pool.conditions();
    counters.instanceRestarts = this.#pool.restartCount;
    return counters;
  }

  scriptFor(index: number, generation: number): InstanceScript {
    return this.#owner.scriptFor(index, generation);
  }

  loadEnded(error: OracleError | undefined): void {
    const { counters, time } = this.#around;
    if (error === undefined) counters.loadDurationMs = time.nowMs - this.#startedAtMs;
    this.#owner.loadEnded(this, error);
  }

  instanceFreed(): void {
    if (this.#isLooking) this.#lookAtEndOfTurn();
    else this.look();
  }

  /** What waits would wait forever; what runs goes on. */
  outOfService({ message }: OracleError): void {
    this.#failure = { code: "UNAVAILABLE", message, reason: "BACKEND" };
    this.#failWaiting(this.#failure);
    this.#owner.outOfService();
  }

  #whyClosed(plan: RequestPlan): OracleError | undefined {
    const { coverage } = this.#around;
    if (this.#failure !== undefined) {
      coverage.count("out of service refuses");
      return this.#failure;
    }
    if (!this.isDraining) return undefined;
    return whyNotWhileDraining(coverage, plan, this.waitsForOthers);
  }

  #lookAtEndOfTurn(): void {
    if (this.#pool.freeCount === 0) return;
    this.#willLook = true;
    this.#owner.lookAtEndOfTurn(this);
  }

  /** The earliest end of somebody's time, or of a delay that an instance is free for. */
  #nextLookMs(): number {
    // While an instance is free, the end of this turn is soon enough for everything.
    if (this.#willLook && this.#pool.freeCount > 0) return Number.POSITIVE_INFINITY;
    const endsMs = [...this.#waiting, ...this.#running].map(endOfTimeMs);
    const firstEndMs = Math.min(...endsMs) + afterEndMs;
    if (this.#pool.freeCount === 0 || this.#waiting.length === 0) return firstEndMs;
    const decision = this.#decide();
    return Math.min(firstEndMs, typeof decision === "number" ? decision : this.#around.time.nowMs);
  }

  #decide(): ReturnType<typeof decideAmong<OracleRequest>> {
    const { load, time } = this.#around;
    return decideAmong(this.#waiting, load.model, time.nowMs);
  }

  /** In the order in which their time ended; of one moment, in the order of arrival. */
  #sendAwayOverdue(): void {
    for (;;) {
      const [first] = [...this.#waiting, ...this.#running]
        .filter((request) => this.#around.time.nowMs > endOfTimeMs(request))
        .sort((one, other) => endOfTimeMs(one) - endOfTimeMs(other) || one.arrival - other.arrival);
      if (first === undefined) return;
      this.#sendAway(first);
    }
  }

  #sendAway(request: OracleRequest): void {
    const { coverage, load, time } = this.#around;
    if (!this.#pool.isReady) coverage.count("time over while instances load");
    if (time.nowMs > request.plan.deadlineMs) {
      coverage.count(request.stage === "waiting" ? "out of time waiting" : "out of time running");
      if (request.heardCount > 0) coverage.count("out of time streaming");
      if (request.untaken > 0) coverage.count("out of time untaken");
      this.#endFromOutside(request, outOfTime, "CANCELED");
    } else if (policyOf(request.level, load.model).action === "DELAY") {
      coverage.count("delayed");
      this.#delayCount += 1;
      request.delayedAs = this.#delayCount;
      request.expiresAtMs = Number.POSITIVE_INFINITY;
    } else this.#expire(request);
  }

  #expire(request: OracleRequest): void {
    const moreMs = this.#around.callers.outlasts(request.plan);
    request.expiresAtMs += moreMs;
    if (moreMs > 0) return;
    this.#around.coverage.count("expired");
    this.#answers.fail(request, expired, "REJECTED");
  }

  /** False: nothing is ready. */
  #handOverNext(): boolean {
    if (this.#waiting.length === 0) return false;
    const { coverage, counters, load } = this.#around;
    const decision = this.#decide();
    if (typeof decision === "number") return false;
    const { requests, why } = decision;
    const rows = requests.reduce((sum, request) => sum + request.rows, 0);
    countBatch(coverage, { ...decision, rows, waiting: this.#waiting }, load.model);
    counters.closed(why, rows);
    this.#handOver(requests, rows);
    return true;
  }

  #handOver(batch: readonly OracleRequest[], rows: number): void {
    const { time } = this.#around;
    const place = this.#pool.takeFree();
    const execution: Execution = {
      place: place.index,
      requests: batch,
      rows,
      startMs: time.nowMs,
      attempt: undefined,
      isolation: undefined,
      moments: undefined,
      isCounted: false,
      abort: (request) => place.abort(execution, request),
      credit: (index, count) => place.credit(execution, index, count),
      showLife: () => place.showLife(execution),
    };
    this.#waiting = this.#waiting.filter((request) => !batch.includes(request));
    for (const request of batch) {
      request.stage = "running";
      request.execution = execution;
      request.computedMs = time.nowMs;
      this.#running.push(request);
      this.#answers.taken(request);
    }
    place.run(execution);
  }

  /** Its caller is told first, then the instance that runs it. */
  #endFromOutside(request: OracleRequest, error: OracleError, reason: FailureReason): void {
    const { execution, stage } = request;
    if (stage === "ended") return;
    this.#answers.fail(request, error, reason);
    execution?.abort(request);
  }

  /** One by one, bucket by bucket: what a caller does when it hears may change what waits. */
  #failWaiting(error: OracleError): void {
    const { model } = this.#around.load;
    for (const queue of inBuckets(this.#waiting, model)) {
      for (const request of queue) {
        if (this.#waiting.includes(request)) this.#answers.fail(request, error);
      }
    }
  }

  #leave(request: OracleRequest): void {
    this.#waiting = this.#waiting.filter((other) => other !== request);
    this.#running = this.#running.filter((other) => other !== request);
  }
}
