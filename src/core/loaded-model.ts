/**
 * Loaded model: one model version with everything that serves it: instances, scheduler, counters.
 *
 * Not here: its state and its name among others (repository.ts).
 */
import type { InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { BatchScheduler } from "./batch-scheduler.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Clock } from "./clock.ts";
import type { ModelView } from "./inference-service.ts";
import { InstancePool, type PoolOptions } from "./instance-pool.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ResolvedModel } from "./model-source.ts";
import { ModelStatistics, type ModelStatisticsSnapshot } from "./model-statistics.ts";
import type { Digest } from "./request-key.ts";
import type { ResponseCache } from "./response-cache.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink, Scheduler } from "./scheduler.ts";
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
}

export class LoadedModel implements ModelView {
  readonly config: ModelConfig;
  readonly #clock: Clock;
  readonly #statistics: ModelStatistics;
  readonly #instances: InstancePool;
  readonly #scheduler: Scheduler;
  #isUnloading = false;

  constructor({ config, host, measures }: ResolvedModel, options: LoadedModelOptions) {
    const { clock, log, waitingBytes, cache, digest, onOutOfService } = options;
    const statistics = new ModelStatistics(config.name, config.version);
    const instances = new InstancePool({ config, host, clock, log, statistics, onOutOfService });
    this.config = config;
    this.#clock = clock;
    this.#statistics = statistics;
    this.#instances = instances;
    const shared = { config, clock, log, statistics };
    const scheduler = new BatchScheduler({ ...shared, instances, waitingBytes, measures });
    const isInService = (): boolean => instances.failure === undefined;
    this.#scheduler = withSharedAnswers(scheduler, cache, { ...shared, digest, isInService });
  }

  isReady(): boolean {
    return !this.#isUnloading && this.#instances.isReady;
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

  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    validateRequest(request, this.config);
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

  statistics(): ModelStatisticsSnapshot {
    const nowMs = this.#clock.nowMs();
    return this.#statistics.snapshot({ nowMs, wallMs: this.#clock.wallMs() });
  }
}
