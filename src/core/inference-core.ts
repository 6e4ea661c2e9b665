/**
 * Inference core: the models of one server, and the way of a request to its scheduler.
 *
 * Loads and unloads; looks a model up, validates, hands over; drains. It reads no clock of its own
 * and starts no thread: `clock`, and the instance host of each model, are passed in.
 *
 * Not here: states and look-up (repository.ts), what happens in a load (model-loads.ts), one loaded
 * version (loaded-model.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { AskedVersion, InferRequest } from "../protocol/infer.ts";
import type { ModelMetadata, ServerMetadata, TensorMetadata } from "../protocol/metadata.ts";
import { ByteBudget } from "./byte-budget.ts";
import { inferClasses } from "./classified-request.ts";
import type { Clock } from "./clock.ts";
import { configsBy } from "./ensemble-models.ts";
import type {
  InferenceService,
  ModelIndexEntry,
  ModelView,
  ServerState,
} from "./inference-service.ts";
import { unloadedEarly } from "./instance-pool.ts";
import type { LoadedModel } from "./loaded-model.ts";
import type { Log } from "./log.ts";
import type { ModelConfig, TensorConfig } from "./model-config.ts";
import {
  type FailureLevel,
  ModelLoads,
  type OutOfServiceHandler,
  type PreparedLoad,
} from "./model-loads.ts";
import type { ModelSource } from "./model-source.ts";
import type { ModelStatisticsSnapshot } from "./model-statistics.ts";
import { type ModelVersion, Repository } from "./repository.ts";
import type { Digest } from "./request-key.ts";
import { type CacheFigures, ResponseCache } from "./response-cache.ts";
import { endedRequest } from "./scheduled-request.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink } from "./scheduler.ts";
import { serverStopping } from "./stopping.ts";

export interface InferenceCoreOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly metadata: ServerMetadata;
  /** Bytes of input tensors that may wait in all queues together. */
  readonly maxWaitingBytes: number;
  /** Bytes of answers that may be kept, of all models together. */
  readonly cacheBytes: number;
  /** Default true: it is ready only while every model is. */
  readonly strictReadiness?: boolean;
  /** Tells requests apart, for answers that are shared. */
  readonly digest: Digest;
  /** Of each dynamic batcher: nothing leaves until so many requests wait, once. For tests. */
  readonly holdUntilWaiting?: number;
  readonly onOutOfService?: OutOfServiceHandler;
}

export interface LoadOptions {
  /** How the log tells of a failure; "verbose" for whoever tells it by himself. */
  readonly failureLevel?: FailureLevel;
}

export class InferenceCore implements InferenceService {
  readonly #options: InferenceCoreOptions;
  readonly #cache: ResponseCache;
  readonly #repository = new Repository();
  readonly #loads: ModelLoads;
  #state: ServerState = "starting";

  constructor(options: InferenceCoreOptions) {
    this.#options = options;
    const { clock, log, digest, holdUntilWaiting, onOutOfService } = options;
    this.#cache = new ResponseCache(options.cacheBytes);
    this.#loads = new ModelLoads({
      clock,
      log,
      digest,
      holdUntilWaiting,
      onOutOfService,
      waitingBytes: new ByteBudget(options.maxWaitingBytes),
      cache: this.#cache,
      repository: this.#repository,
      find: (name, version) => this.#find(name, version),
    });
  }

  get state(): ServerState {
    return this.#state;
  }

  /** The start is complete: from now on readiness is that of the models. */
  setRunning(): void {
    if (this.#state === "starting") this.#state = "running";
  }

  /**
   * Resolves when READY. Rejects with the load error, which the index shows from then on;
   * ALREADY_EXISTS if this version is there and not UNAVAILABLE, or out of service.
   */
  async load(source: ModelSource, { failureLevel = "error" }: LoadOptions = {}): Promise<void> {
    if (this.#isClosing()) throw serverStopping();
    const entry = this.#repository.begin(source.name, source.version);
    entry.loading = this.#loads.load(entry, source, failureLevel);
    await entry.loading;
  }

  /**
   * Loads it beside the version that serves, which takes over when it is READY: what the other one
   * has is finished by it. Where that fails the other one serves on. Without one it is a load. Of
   * two at a time the second is refused with ALREADY_EXISTS.
   */
  async replace(source: ModelSource, options: LoadOptions = {}): Promise<void> {
    (await this.prepare(source, options)).commit();
  }

  /**
   * The same up to the moment in which it would take over: for several that do so together, or none
   * of them. Where none serves it serves at once, until it is discarded.
   */
  async prepare(source: ModelSource, options: LoadOptions = {}): Promise<PreparedLoad> {
    if (this.#isClosing()) throw serverStopping();
    const { name, version } = source;
    const [entry] = this.#repository.versionsOf(name).filter(isMeant(version));
    if (entry?.state === "READY") {
      return await this.#loads.prepare(entry, source, options.failureLevel ?? "error");
    }
    await this.load(source, options);
    return { commit: () => {}, discard: () => this.unload(name, version) };
  }

  /**
   * Gives a version that serves the instances of this configuration, which is else the one it has:
   * what it is goes on. Rejects if one that is new fails to load: then all is as before.
   */
  async resize(config: ModelConfig): Promise<void> {
    const { name: model, version, instanceGroups } = config;
    const { log } = this.#options;
    const count = instanceGroups.reduce((sum, group) => sum + group.count, 0);
    const what = `model '${model}' version ${version}`;
    try {
      await this.#find(model, version).resize(config);
    } catch (reason) {
      const error = InferenceError.from(reason);
      const why = `${what} stays as it is, without ${count} instances: ${error.message}`;
      log.error(why, { model, version, error });
      throw error;
    }
    log.info(`${what} serves on, with ${count} instances`, { model, version });
  }

  /**
   * Takes no new requests from now on; resolves when what ran has ended and the instances are
   * gone. Without a version, all of them. A version that is not there is no error.
   */
  async unload(name: string, version?: number): Promise<void> {
    const entries = this.#repository.versionsOf(name);
    const chosen = entries.filter(isMeant(version));
    await Promise.all(chosen.map((entry) => this.#unload(entry)));
  }

  /**
   * Refuses requests, finishes the others, unloads all; then "stopped". Twice is once. What runs
   * may still call other models: so those that serve are unloaded when none has anything left.
   */
  async drain(): Promise<void> {
    if (this.#state === "stopped") return;
    this.#state = "draining";
    const entries = this.#repository.all();
    const drained = this.#drainTogether(entries.filter(({ state }) => state === "READY"));
    await Promise.all(entries.map((entry) => this.#unload(entry, drained)));
    this.#state = "stopped";
  }

  /** Of a server that drains: fails whatever still waits or runs, and ends all instances. */
  abandon(error: InferenceError): void {
    for (const { model, leaving } of this.#repository.all()) {
      for (const each of [model, ...leaving.keys()]) each?.abandon(error);
    }
  }

  serverMetadata(): ServerMetadata {
    return this.#options.metadata;
  }

  isReady(): boolean {
    const { strictReadiness = true } = this.#options;
    return this.#state === "running" && (!strictReadiness || this.#repository.isReady());
  }

  lookUp(modelName: string, version: AskedVersion): ModelView {
    return this.#find(modelName, version);
  }

  modelMetadata(modelName: string, version: AskedVersion): ModelMetadata {
    const { config } = this.#find(modelName, version);
    const served = this.#served(this.#repository.versionsOf(modelName));
    const versions = version === undefined ? served.map((entry) => entry.version) : [version];
    const isBatching = config.maxBatchSize > 0;
    return {
      name: config.name,
      versions: versions.map(String),
      platform: config.platform === "" ? config.backend : config.platform,
      inputs: config.inputs.map((input) => describe(input, isBatching)),
      outputs: config.outputs.map((output) => describe(output, isBatching)),
    };
  }

  statistics(modelName?: string, version?: AskedVersion): readonly ModelStatisticsSnapshot[] {
    const served = this.#served(this.#repository.all());
    if (modelName === undefined) return served.flatMap(snapshot);
    const ofModel = served.filter(({ name }) => name === modelName);
    const meant = ofModel.filter(isMeant(version));
    if (meant.length > 0) return meant.flatMap(snapshot);
    if (this.#isClosing()) throw serverStopping();
    const why =
      ofModel.length === 0
        ? `requested model '${modelName}' is not available`
        : `requested model version is not available for model '${modelName}'`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }

  /** Of the response cache. */
  cacheFigures(): CacheFigures {
    return this.#cache;
  }

  /** It loads, serves, is out of service, or is being unloaded. */
  has(name: string, version: number): boolean {
    const entries = this.#repository.versionsOf(name).filter(isMeant(version));
    return entries.some(({ state }) => state !== "UNAVAILABLE");
  }

  index(): readonly ModelIndexEntry[] {
    return this.#repository.index();
  }

  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    try {
      const model = this.#find(request.modelName, request.modelVersion);
      if (request.classes === undefined) return model.infer(request, sink, options);
      const { clock, log } = this.#options;
      const configOf = configsBy(this.#find);
      return inferClasses(model, request, sink, { clock, log, enqueue: options, configOf });
    } catch (reason) {
      this.#refuse(request, sink, InferenceError.from(reason));
      return endedRequest;
    }
  }

  /**
   * A server that stops knows its models until they are gone: their schedulers say that it stops.
   * From then on it says so itself, whoever is asked for.
   */
  readonly #find = (name: string, version: AskedVersion): LoadedModel => {
    if (!this.#isClosing()) return this.#repository.lookUp(name, version);
    const leaving = this.#served(this.#repository.versionsOf(name)).findLast(isMeant(version));
    if (leaving?.model === undefined) throw serverStopping();
    return leaving.model;
  };

  /** READY ones; of a server that stops those that are not gone yet. */
  #served(entries: readonly ModelVersion[]): readonly ModelVersion[] {
    const state = this.#isClosing() ? "UNLOADING" : "READY";
    return entries.filter((entry) => entry.state === state && entry.model !== undefined);
  }

  /** A sink is foreign code: it may throw. */
  #refuse(
    { modelName: model, logId }: InferRequest,
    sink: ResponseSink,
    why: InferenceError,
  ): void {
    try {
      sink.fail(why);
    } catch (error) {
      const fields = { model, requestId: logId, error };
      this.#options.log.error("the receiver of an answer failed", fields);
    }
  }

  /** What runs in one may bring others work: until all are idle at the end of a turn. */
  async #drainTogether(entries: readonly ModelVersion[]): Promise<void> {
    const { clock } = this.#options;
    const models = entries.flatMap(({ model, leaving }) => [model ?? [], ...leaving.keys()].flat());
    do {
      await Promise.all(models.map((model) => model.drain()));
      await new Promise<void>((resolve) => clock.wakeAt(clock.nowMs(), resolve));
    } while (models.some((model) => !model.isIdle));
  }

  /** Whoever asks again waits for the same end. A load that failed is not held against anybody. */
  async #unload(entry: ModelVersion, drained?: Promise<void>): Promise<void> {
    if (entry.state === "UNAVAILABLE") this.#repository.end(entry);
    if (entry.state === "LOADING" || entry.state === "READY") {
      const isServing = entry.state === "READY";
      entry.state = "UNLOADING";
      entry.unloading = this.#finish(entry, isServing ? drained : undefined);
    }
    await entry.unloading;
  }

  async #finish(entry: ModelVersion, drained: Promise<void> | undefined): Promise<void> {
    const { name: model, version, replacement, leaving } = entry;
    replacement?.giveUp.abort(unloadedEarly(model));
    if (replacement?.model !== undefined) this.#loads.retire(entry, replacement.model);
    if (drained !== undefined) await drained;
    if (entry.model === undefined) {
      entry.giveUp.abort(unloadedEarly(model));
      await entry.loading?.catch(() => {});
    } else await entry.model.unload();
    await replacement?.done.catch(() => {});
    await Promise.all(leaving.values());
    this.#repository.end(entry);
    this.#options.log.info(`unloaded model '${model}' version ${version}`, { model, version });
  }

  #isClosing(): boolean {
    return this.#state === "draining" || this.#state === "stopped";
  }
}

/** Without a version all of them are. */
function isMeant(asked: AskedVersion): (entry: ModelVersion) => boolean {
  return ({ version }) => asked === undefined || version === asked;
}

function snapshot({ model }: ModelVersion): readonly ModelStatisticsSnapshot[] {
  return model === undefined ? [] : [model.statistics()];
}

function describe({ name, datatype, dims }: TensorConfig, isBatching: boolean): TensorMetadata {
  return { name, datatype, shape: isBatching ? [-1, ...dims] : dims };
}
