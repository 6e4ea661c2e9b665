/**
 * Instance supervisor: keeps one place of a model filled with an instance that works.
 *
 *   loading ──> ready <──> busy
 *      ^          │          │      exited, or hung and written off
 *      └── dead <─┴──────────┘      (for a pause that doubles with each failure in a row)
 *
 * A load, an execution and a stop have a limit each; a streaming model has that of an execution for
 * each response. Who exceeds it is written off: abandoned, its batches fail, and another takes
 * over. How many may be left behind, because nobody can end them, is the pool's to say.
 *
 * Ends in "stopped" (asked to) or "failed" (a restart would be in vain), and says so once.
 *
 * Not here: which instance gets the next batch, and what a loss means (instance-pool.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { Clock } from "./clock.ts";
import type { Instance, InstanceHost } from "./instance.ts";
import type { ModelConfig } from "./model-config.ts";
import type { InstanceCondition, ModelStatistics } from "./model-statistics.ts";
import type { BatchRunner, RunningBatch } from "./running-batch.ts";
import type { ScheduledRequest } from "./scheduled-request.ts";

export interface SupervisorOptions {
  readonly config: ModelConfig;
  readonly host: InstanceHost;
  readonly clock: Clock;
  readonly statistics: ModelStatistics;
  readonly owner: SupervisorOwner;
}

export interface SupervisorOwner {
  /** It can take a batch, which it could not before. */
  instanceFree(supervisor: InstanceSupervisor): void;
  /** It died, and will be started again unless it is told to stop. */
  instanceLost(supervisor: InstanceSupervisor, error: InferenceError): void;
  /** May one more hanging instance be left behind? Counts it, if so. */
  mayWriteOff(): boolean;
  /** For good. Without an error it was asked to. */
  instanceEnded(supervisor: InstanceSupervisor, error: InferenceError | undefined): void;
}

type SupervisorState = InstanceCondition | "stopped" | "failed";

/** What an instance has a limit for, and which. */
type Duty = keyof typeof limitOf;

const limitOf = {
  load: "loadTimeoutMs",
  answer: "executionTimeoutMs",
  stop: "loadTimeoutMs",
} as const;

export class InstanceSupervisor implements BatchRunner {
  readonly index: number;
  readonly #options: SupervisorOptions;
  #state: SupervisorState = "dead";
  #instance: Instance | undefined = undefined;
  /** Counts instances: events of an earlier one are not heard. */
  #generation = 0;
  #batches: readonly RunningBatch[] = [];
  #isStopping = false;
  #failuresInRow = 0;
  /** Start of its load, or of its stop. */
  #dutySinceMs = 0;
  /** One timer watches many executions: it stays armed from one to the next. */
  #isWatching = false;
  #cancelWake: () => void = () => {};

  constructor(options: SupervisorOptions, index: number) {
    this.index = index;
    this.#options = options;
    options.statistics.instanceChanged(undefined, "dead");
  }

  /** It runs a batch, or could: also the next one. */
  get isReady(): boolean {
    return !this.#isStopping && (this.#state === "ready" || this.#state === "busy");
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Batches. */
  get runningCount(): number {
    return this.#batches.length;
  }

  /** Of the batches that it runs. */
  get requests(): readonly ScheduledRequest[] {
    return this.#batches.flatMap(({ requests }) => requests);
  }

  /** One that stops may be gone before it hears of another execution. */
  get mayRunAgain(): boolean {
    return !this.#isStopping && this.#state === "busy";
  }

  start(): void {
    const { host, clock } = this.#options;
    this.#generation += 1;
    const generation = this.#generation;
    this.#change("loading");
    this.#dutySinceMs = clock.nowMs();
    this.#watch();
    this.#instance = host.start(this.index, {
      ready: () => {
        if (generation === this.#generation) this.#heardReady();
      },
      exited: (error, isFinal = false) => {
        if (generation === this.#generation) this.#heardExit(error, isFinal);
      },
    });
  }

  run(batch: RunningBatch): void {
    const instance = this.#instance;
    if (instance === undefined) return;
    if (this.#state === "ready") this.#change("busy");
    this.#batches = [...this.#batches, batch];
    if (!this.#isWatching) this.#watch();
    batch.run(instance, this);
  }

  batchDone(batch: RunningBatch): void {
    const wasFull = this.#batches.length === this.#options.config.concurrency;
    this.#batches = this.#batches.filter((other) => other !== batch);
    this.#failuresInRow = 0;
    if (this.#state !== "busy") return;
    if (this.#batches.length === 0) this.#change("ready");
    if (wasFull && !this.#isStopping) this.#options.owner.instanceFree(this);
  }

  /** Finishes what runs and ends. */
  stop(): void {
    if (this.#isStopping || this.#isOver()) return;
    this.#isStopping = true;
    if (this.#instance === undefined) {
      this.#end("stopped", undefined);
      return;
    }
    this.#stopWatching();
    this.#dutySinceMs = this.#options.clock.nowMs();
    this.#watch();
    this.#instance.stop();
  }

  /** Ends at once, whatever runs. */
  abandon(error: InferenceError): void {
    if (this.#isOver()) return;
    this.#instance?.abandon();
    this.#end("stopped", error);
  }

  #heardReady(): void {
    if (this.#state !== "loading") return;
    this.#change("ready");
    if (this.#isStopping) return;
    this.#stopWatching();
    this.#options.owner.instanceFree(this);
  }

  #heardExit(reason: InferenceError | undefined, isFinal: boolean): void {
    const error = reason ?? endedUnasked(this.#options.config.name);
    if (this.#isStopping) this.#end("stopped", error);
    else this.#lose(error, isFinal);
  }

  #lose(error: InferenceError, isFinal: boolean): void {
    const { owner, clock, statistics } = this.#options;
    const { restartBackoffMs, maxRestartBackoffMs } = this.#options.config.limits;
    if (isFinal) {
      this.#end("failed", error);
      return;
    }
    const pauseMs = Math.min(maxRestartBackoffMs, restartBackoffMs * 2 ** this.#failuresInRow);
    this.#failuresInRow += 1;
    this.#leaveInstance();
    this.#change("dead");
    this.#cancelWake = clock.wakeAt(clock.nowMs() + pauseMs, () => {
      statistics.instanceRestarted();
      this.start();
    });
    owner.instanceLost(this, error);
    this.#loseBatches(error);
  }

  /** Looks when the limit of what it does now is over, if nothing changes until then. */
  #watch(): void {
    const limitMs = this.#limitMs();
    if (limitMs === Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    const silentSinceMs = this.#silentSinceMs();
    const sinceMs = silentSinceMs === Number.POSITIVE_INFINITY ? clock.nowMs() : silentSinceMs;
    this.#isWatching = true;
    this.#cancelWake = clock.wakeAt(sinceMs + limitMs, () => {
      this.#isWatching = false;
      this.#lookForHang();
    });
  }

  /** Infinity: it owes nothing at the moment. */
  #silentSinceMs(): number {
    if (this.#duty() !== "answer") return this.#dutySinceMs;
    return Math.min(...this.#batches.map(({ silentSinceMs }) => silentSinceMs));
  }

  #limitMs(): number {
    return this.#options.config.limits[limitOf[this.#duty()]];
  }

  #duty(): Duty {
    if (this.#isStopping) return "stop";
    return this.#state === "loading" ? "load" : "answer";
  }

  #lookForHang(): void {
    if (this.#state === "ready" && !this.#isStopping) return;
    if (this.#options.clock.nowMs() < this.#silentSinceMs() + this.#limitMs()) this.#watch();
    else this.#writeOff();
  }

  #writeOff(): void {
    const { config, owner } = this.#options;
    const error = hangs(config, this.#duty());
    if (this.#isStopping) {
      this.abandon(error);
      return;
    }
    const isLeftBehind = this.#instance?.abandon() ?? false;
    if (!isLeftBehind || owner.mayWriteOff()) this.#lose(error, false);
    else this.#lose(tooManyHang(config, error), true);
  }

  #loseBatches(error: InferenceError): void {
    const batches = this.#batches;
    this.#batches = [];
    // All of them first: whoever hears of one may cancel what runs in another.
    for (const batch of batches) batch.breakOff();
    for (const batch of batches) batch.failRest(error);
  }

  #leaveInstance(): void {
    this.#stopWatching();
    this.#generation += 1;
    this.#instance = undefined;
  }

  #stopWatching(): void {
    this.#isWatching = false;
    this.#cancelWake();
  }

  #isOver(): boolean {
    return this.#state === "stopped" || this.#state === "failed";
  }

  /** What it ran fails with this error, before others hear of it. */
  #end(state: "stopped" | "failed", error: InferenceError | undefined): void {
    this.#leaveInstance();
    this.#change(state);
    if (error !== undefined) this.#loseBatches(error);
    this.#options.owner.instanceEnded(this, state === "failed" ? error : undefined);
  }

  #change(to: SupervisorState): void {
    this.#options.statistics.instanceChanged(conditionOf(this.#state), conditionOf(to));
    this.#state = to;
  }
}

function conditionOf(state: SupervisorState): InstanceCondition | undefined {
  return state === "stopped" || state === "failed" ? undefined : state;
}

function hangs({ name, limits }: ModelConfig, duty: Duty): InferenceError {
  const option = limitOf[duty];
  const why = `model '${name}' did not ${duty} within ${limits[option]} ms (limits.${option})`;
  return new InferenceError("DEADLINE_EXCEEDED", why, { reason: "BACKEND" });
}

function tooManyHang({ name, limits }: ModelConfig, cause: InferenceError): InferenceError {
  const most = limits.maxWrittenOffInstances;
  const why = `model '${name}' is out of service: more than ${most} of its instances hang`;
  return new InferenceError("UNAVAILABLE", `${why}; ${cause.message}`, {
    reason: "BACKEND",
    cause,
  });
}

function endedUnasked(model: string): InferenceError {
  const why = `an instance of model '${model}' ended`;
  return new InferenceError("INTERNAL", why, { reason: "BACKEND" });
}
