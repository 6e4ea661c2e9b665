/**
 * Loaded model: one model version with everything that serves it: instances, scheduler, counters.
 * An ensemble has no instances; its scheduler stands in for them.
 *
 * Who needs it to the end of something that it has begun holds it: then it is unloaded later, and
 * takes requests from inside until it is let go.
 *
 * Not here: its state and its name among others (repository.ts).
 */
import type { InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { BatchScheduler } from "./batch-scheduler.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Clock } from "./clock.ts";
import {
  checkedEnsemble,
  EnsembleScheduler,
  type FindModel,
  letGoOf,
} from "./ensemble-scheduler.ts";
import type { ModelView } from "./inference-service.ts";
import { InstancePool, type PoolOptions } from "./instance-pool.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ResolvedSource } from "./model-source.ts";
import { ModelStatistics, type ModelStatisticsSnapshot } from "./model-statistics.ts";
import type { Digest } from "./request-key.ts";
import type { ResponseCache } from "./response-cache.ts";
import type {
  EnqueueOptions,
  HeldSteps,
  PendingRequest,
  ResponseSink,
  Scheduler,
  StepModel,
} from "./scheduler.ts";
import { withSharedAnswers } from "./shared-answers.ts";
import { validateRequest } from "./validate-request.ts";

export interface LoadedModelOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly waitingBytes: ByteBudget;
  /** Of the server. */
  readonly cache: ResponseCache;
  readonly digest: Digest;
  readonly onOutOfService: PoolOptions["onOutOfService"];
  /** Among the models of the server, for ensembles. */
  readonly find: FindModel;
  readonly holdUntilWaiting?: number | undefined;
}

type Instances = Pick<InstancePool, "isReady" | "failure" | "load" | "stop" | "abandon">;

export class LoadedModel implements ModelView, StepModel {
  #config: ModelConfig;
  readonly #clock: Clock;
  readonly #statistics: ModelStatistics;
  readonly #instances: Instances;
  /** Undefined: it is an ensemble. */
  readonly #pool: InstancePool | undefined = undefined;
  readonly #scheduler: Scheduler;
  /** Undefined: it is none. */
  readonly #ensemble: EnsembleScheduler | undefined = undefined;
  #isUnloading = false;
  #holdCount = 0;
  #onLetGo: () => void = () => {};

  /** Throws INVALID_ARGUMENT if it is an ensemble that does not fit the models of its steps. */
  constructor(resolved: ResolvedSource, options: LoadedModelOptions) {
    const { clock, log, waitingBytes, cache, digest, onOutOfService, find } = options;
    const { host, measures } = resolved;
    const config = host === undefined ? checkedEnsemble(resolved.config, find) : resolved.config;
    const statistics = new ModelStatistics(config.name, config.version);
    const shared = { config, clock, log, statistics };
    let scheduler: Scheduler;
    if (host === undefined) {
      const ensemble = new EnsembleScheduler({ ...shared, find });
      this.#ensemble = ensemble;
      this.#instances = ensemble;
      scheduler = ensemble;
    } else {
      const instances = new InstancePool({ ...shared, host, onOutOfService });
      this.#instances = instances;
      this.#pool = instances;
      const { holdUntilWaiting } = options;
      const own = { instances, waitingBytes, measures, holdUntilWaiting };
      scheduler = new BatchScheduler({ ...shared, ...own });
    }
    this.#config = config;
    this.#clock = clock;
    this.#statistics = statistics;
    const isInService = (): boolean => this.#instances.failure === undefined;
    const stepsKey = (held?: HeldSteps): string => this.stepsKey(held);
    const sharing = { ...shared, digest, isInService, stepsKey };
    this.#scheduler = withSharedAnswers(scheduler, cache, sharing);
  }

  get config(): ModelConfig {
    return this.#config;
  }

  isReady(): boolean {
    return !this.#isUnloading && this.#instances.isReady;
  }

  /** An ensemble, one of whose models is not there or does not fit any more. */
  get whyDown(): InferenceError | undefined {
    return this.#ensemble?.whyDown;
  }

  stepsKey(held?: HeldSteps): string {
    return this.#ensemble?.stepsKey(held) ?? "";
  }

  hold(again?: HeldSteps): HeldSteps | undefined {
    const held = this.#ensemble?.hold(again);
    this.#holdCount += 1;
    return held;
  }

  letGo(held: HeldSteps | undefined): void {
    this.#holdCount -= 1;
    if (held !== undefined) letGoOf(held.models);
    if (this.#holdCount === 0) this.#onLetGo();
  }

  /** Why it is out of service, for good. */
  get failure(): InferenceError | undefined {
    return this.#instances.failure;
  }

  /** Rejects with what the first instance failed with. */
  async load(startedAtMs: number): Promise<void> {
    await this.#instances.load();
    this.#statistics.loadDurationMs = this.#clock.nowMs() - startedAtMs;
  }

  /** To a configuration with other instances, and else the same: as InstancePool.resize has it. */
  async resize(config: ModelConfig): Promise<void> {
    await this.#pool?.resize(config.instanceGroups);
    this.#config = config;
  }

  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    validateRequest(request, this.#config);
    return this.#scheduler.enqueue(request, sink, options);
  }

  /** Nothing of it waits or runs. */
  get isIdle(): boolean {
    return this.#scheduler.isIdle;
  }

  /** Takes nothing new but calls of batches that run; resolves when all it had is answered. */
  async drain(): Promise<void> {
    this.#isUnloading = true;
    await this.#scheduler.drain();
  }

  /** Takes nothing new; resolves when all it had is answered and its instances are gone. */
  async unload(): Promise<void> {
    if (this.#holdCount > 0) await this.#untilLetGo();
    this.#scheduler.close();
    await this.drain();
    await this.#instances.stop();
  }

  /** Of a server that drains: fails what it has, and ends its instances whatever they do. */
  abandon(error: InferenceError): void {
    this.#scheduler.close();
    this.#scheduler.failAll(error);
    this.#instances.abandon(error);
  }

  /** Refuses what comes from outside meanwhile. */
  #untilLetGo(): Promise<void> {
    void this.drain();
    return new Promise((resolve) => {
      this.#onLetGo = resolve;
    });
  }

  statistics(): ModelStatisticsSnapshot {
    const nowMs = this.#clock.nowMs();
    const snapshot = this.#statistics.snapshot({ nowMs, wallMs: this.#clock.wallMs() });
    const { metricTags } = this.#config;
    return metricTags === undefined ? snapshot : { ...snapshot, metricTags };
  }
}
