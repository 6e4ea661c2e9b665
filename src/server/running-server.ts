/**
 * Running server: core, instances, frontends, metrics and log, wired together.
 *
 *   constructed: models begin to load  ──>  listen  ──>  close: drains, within a limit
 *
 * Not here: the face that a user holds while this is being imported (server.ts), signals (serve.ts).
 */
import type { RequestListener } from "node:http";
import { ByteBudget } from "../core/byte-budget.ts";
import { CustomMetrics } from "../core/custom-metrics.ts";
import { InferenceCore, type LoadOptions } from "../core/inference-core.ts";
import type { ServerState } from "../core/inference-service.ts";
import type { ModelSource } from "../core/model-source.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { InferOptions } from "../definition/request-options.ts";
import type { HostOptions } from "../executor/instance-hosts.ts";
import { modelSource } from "../executor/model-source.ts";
import { HttpHandler } from "../frontends/http/http-handler.ts";
import { createHttpServer } from "../frontends/http/http-server.ts";
import { InferenceError } from "../protocol/errors.ts";
import { readDebugHooks } from "./debug-hooks.ts";
import { toPattern } from "./forward-pattern.ts";
import { GrpcListener } from "./grpc-listener.ts";
import { HttpListener } from "./http-listener.ts";
import { type InProcessResponse, inferInProcess } from "./in-process-infer.ts";
import type { InProcessRequest } from "./in-process-request.ts";
import { streamInProcess } from "./in-process-stream.ts";
import { tellProgress } from "./load-progress.ts";
import { createLogger, type Logger } from "./logger.ts";
import { EventLoopLag } from "./metrics/event-loop-lag.ts";
import { MachineReader } from "./metrics/machine-figures.ts";
import { metricsHandler } from "./metrics/metrics-handler.ts";
import { metricsText } from "./metrics/metrics-text.ts";
import { modelTable } from "./model-table.ts";
import { nextSteps } from "./next-steps.ts";
import { openControls } from "./open-controls.ts";
import { packageVersion } from "./package-version.ts";
import { type FrontendRestrictions, readRestrictions } from "./read-restrictions.ts";
import { ServedRepositories } from "./repository/served-repositories.ts";
import type { ServedModel } from "./served-models.ts";
import type { ResolvedServerOptions } from "./server-options.ts";
import { sha256Digest } from "./sha256-digest.ts";
import { ServerSiblings } from "./sibling-service.ts";
import { SystemClock } from "./system-clock.ts";
import { Watchdog } from "./watchdog.ts";

export interface ServerUrls {
  /** Undefined until it listens. */
  readonly http: string | undefined;
  /** Host and port, as clients of gRPC want it. */
  readonly grpc: string | undefined;
  readonly metrics: string | undefined;
}

export interface CloseOptions {
  /** Longest time for what runs to finish; default `exitTimeoutSecs`. */
  readonly timeoutMs?: number;
}

export interface StartPlan {
  /** It is a program's, which tells by itself what keeps it from starting. */
  readonly isProgram: boolean;
}

/** What works, of what the protocol has beside inference. */
const extensions = [
  "classification",
  "model_repository",
  "model_repository(unload_dependents)",
  "model_configuration",
  "schedule_policy",
  "binary_tensor_data",
  "parameters",
  "statistics",
];

/** For what fails at the end to be told. */
const lastWordMs = 200;

export class RunningServer {
  readonly ready: Promise<void>;
  /** Resolves if a model that cannot go on makes it stop: with why, before it does. */
  readonly failed: Promise<InferenceError>;
  /** Resolves when it has stopped; with why, if it did so by itself. */
  readonly closed: Promise<InferenceError | undefined>;
  readonly handler: RequestListener;
  readonly #log: Logger;
  readonly #clock: SystemClock = new SystemClock();
  readonly #options: ResolvedServerOptions;
  readonly #restrictions: FrontendRestrictions;
  readonly #core: InferenceCore;
  readonly #hostOptions: HostOptions;
  readonly #repositories: ServedRepositories;
  readonly #http: HttpListener | undefined;
  readonly #grpc: GrpcListener | undefined;
  readonly #metrics: HttpListener | undefined;
  readonly #lag: EventLoopLag;
  readonly #customMetrics: CustomMetrics;
  readonly #machine: MachineReader = new MachineReader();
  #listening: Promise<void> | undefined = undefined;
  #isClosed = false;
  #closing: Promise<boolean> | undefined = undefined;
  #failure: InferenceError | undefined = undefined;
  #setFailed: (error: InferenceError) => void = () => {};
  #setClosed: (failure: InferenceError | undefined) => void = () => {};

  constructor(
    models: readonly ServedModel[],
    options: ResolvedServerOptions,
    { isProgram }: StartPlan,
  ) {
    const clock = this.#clock;
    const log = createLogger(options);
    const restrictions = readRestrictions(options);
    const hooks = readDebugHooks(process.env);
    for (const warning of hooks.warnings) log.warning(warning);
    const metadata = { name: options.id, version: packageVersion(), extensions };
    const core = new InferenceCore({
      clock,
      log,
      metadata,
      maxWaitingBytes: options.maxWaitingBytes,
      cacheBytes: options.cacheBytes,
      strictReadiness: options.strictReadiness,
      holdUntilWaiting: hooks.holdUntilWaiting,
      digest: sha256Digest,
      onOutOfService: (model, error) => this.#lost(model, error),
    });
    this.failed = new Promise((resolve) => {
      this.#setFailed = resolve;
    });
    this.closed = new Promise((resolve) => {
      this.#setClosed = resolve;
    });
    const receivedBytes = new ByteBudget(Math.max(options.maxWaitingBytes, options.maxBodyBytes));
    const watchdog = new Watchdog({ clock, log, thresholdMs: options.blockingThresholdMs });
    this.#log = log;
    this.#lag = new EventLoopLag((lateMs) => watchdog.loopWasLate(lateMs));
    this.#options = options;
    this.#restrictions = restrictions;
    this.#core = core;
    this.#customMetrics = new CustomMetrics({
      log,
      isThere: (model, version) => core.has(model, version),
    });
    this.#hostOptions = {
      clock,
      log,
      metrics: this.#customMetrics,
      copied: { inputs: 0, outputs: 0 },
      watch: (model, version) => watchdog.watch(model, version),
      siblings: new ServerSiblings(core),
    };
    this.#repositories = new ServedRepositories(options, {
      core,
      hostOptions: this.#hostOptions,
      clock,
      log,
    });
    const { control } = this.#repositories;
    const http = new HttpHandler({
      ...options,
      service: core,
      receivedBytes,
      clock,
      log,
      logsRequests: options.logVerbose > 0,
      forwardPattern: toPattern(options.httpHeaderForwardPattern, restrictions.http.secretHeaders),
      restrictions: restrictions.http,
      control,
      models: this.#repositories,
    });
    this.handler = (request, response) => http.handle(request, response);
    this.#http = options.allowHttp ? this.#httpListener() : undefined;
    if (options.allowGrpc) {
      this.#grpc = new GrpcListener(options, {
        service: core,
        receivedBytes,
        clock,
        log,
        restrictions: restrictions.grpc,
        control,
        models: this.#repositories,
        delays: hooks.delays,
      });
    }
    this.#metrics = options.allowMetrics ? this.#metricsListener() : undefined;
    this.ready = this.#loadAll(models, isProgram);
  }

  get urls(): ServerUrls {
    return { http: this.#http?.url, grpc: this.#grpc?.host, metrics: this.#metrics?.url };
  }

  /** Also "stopped" if something was left behind. */
  get state(): ServerState {
    return this.#isClosed ? "stopped" : this.#core.state;
  }

  /** Twice is once; but what failed may be tried again. */
  listen(): Promise<void> {
    this.#listening ??= this.#listen().catch((error: unknown) => {
      this.#listening = undefined;
      throw error;
    });
    return this.#listening;
  }

  /** Says so in the words that scripts wait for. */
  async #listen(): Promise<void> {
    for (const listener of [this.#http, this.#grpc, this.#metrics]) {
      if (this.#closing !== undefined) throw new Error("the server was closed: it cannot listen");
      await listener?.open();
    }
    await this.#logModels();
    if (this.#grpc !== undefined) {
      this.#log.info(`Started GRPCInferenceService at ${this.#grpc.place}`);
    }
    if (this.#http !== undefined) this.#log.info(`Started HTTPService at ${this.#http.place}`);
    if (this.#metrics !== undefined) {
      this.#log.info(`Started Metrics Service at ${this.#metrics.place}`);
    }
    this.#warnOfOpenControls();
    const { http } = this.urls;
    if (http !== undefined) {
      this.#log.block("next steps", nextSteps(this.#core, http, this.#restrictions.http));
    }
  }

  #warnOfOpenControls(): void {
    const { http, grpc } = this.#restrictions;
    const { httpAddress, grpcAddress } = this.#options;
    const controls = this.#repositories.control === undefined ? [] : ["model_repository"];
    const warning = openControls(controls, [
      { place: this.#http?.place, address: httpAddress, restrictions: http },
      { place: this.#grpc?.place, address: grpcAddress, restrictions: grpc },
    ]);
    if (warning !== undefined) this.#log.warning(warning);
  }

  async bind({ model, module }: ServedModel, options: LoadOptions = {}): Promise<void> {
    await this.#core.load(modelSource(model, module, this.#hostOptions), options);
  }

  /** What no definition stands for, such as an ensemble. */
  async load(source: ModelSource, options: LoadOptions = {}): Promise<void> {
    await this.#core.load(source, options);
  }

  async unbind(name: string, version?: number): Promise<void> {
    await this.#core.unload(name, version);
  }

  infer<M extends ModelBase>(
    request: InProcessRequest<M>,
    options: InferOptions,
  ): Promise<InProcessResponse<M>> {
    return inferInProcess(this.#core, request, options);
  }

  stream<M extends ModelBase>(
    request: InProcessRequest<M>,
    options: InferOptions,
  ): AsyncGenerator<InProcessResponse<M>, void, undefined> {
    return streamInProcess(this.#core, request, options);
  }

  /** Resolves to false if an instance did not end in time, and still runs. Twice is once. */
  close({ timeoutMs = this.#options.exitTimeoutSecs * 1000 }: CloseOptions): Promise<boolean> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<boolean> {
    this.#log.info(`Stopping: what runs or waits may end within ${timeoutMs} ms`);
    this.#repositories.close();
    const hasDrained = this.#core.drain();
    const drained = Promise.all([
      hasDrained.then(() => this.#repositories.clear()),
      this.#grpc?.drain(hasDrained),
      this.#http?.drain(),
      this.#metrics?.drain(),
    ]);
    const isDrained = await this.#isWithin(drained, timeoutMs);
    const haveInstancesEnded = this.#core.state === "stopped";
    if (!isDrained) await this.#cut(drained, timeoutMs);
    this.#lag.close();
    this.#isClosed = true;
    this.#setClosed(this.#failure);
    return haveInstancesEnded;
  }

  /** A model is out of service, for good. */
  #lost(
    { name: model, version }: { readonly name: string; readonly version: number },
    error: InferenceError,
  ): void {
    if (this.#options.onUnrecoverable === "model" || this.#closing !== undefined) return;
    const why = `model '${model}' version ${version} cannot go on, and takes the server with it`;
    this.#log.error(`${why} (onUnrecoverable)`, { model, version });
    this.#failure = error;
    this.#setFailed(error);
    // What goes wrong then is in the log.
    this.close({}).catch(() => {});
  }

  /** What is left fails; who listens hears of it before his connection is cut. */
  async #cut(drained: Promise<unknown>, timeoutMs: number): Promise<void> {
    const why = `Server is stopping, and did not finish within ${timeoutMs} ms`;
    this.#log.warning(`${why}: what is left fails`);
    this.#core.abandon(new InferenceError("UNAVAILABLE", why));
    if (await this.#isWithin(drained, lastWordMs)) return;
    this.#grpc?.cut();
    this.#http?.cut();
    this.#metrics?.cut();
  }

  #isWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
    const clock = this.#clock;
    let cancel = (): void => {};
    const timeout = new Promise<boolean>((resolve) => {
      cancel = clock.wakeAt(clock.nowMs() + timeoutMs, () => resolve(false));
    });
    return Promise.race([promise.then(() => true), timeout]).finally(cancel);
  }

  /** A program does not start without one of them, unless it may, and tells of all that failed. */
  async #loadAll(models: readonly ServedModel[], isProgram: boolean): Promise<void> {
    const { exitOnError, logFile, jsonLogs } = this.#options;
    const isTold = isProgram && exitOnError && logFile === "" && !jsonLogs;
    const options: LoadOptions = { failureLevel: isTold ? "verbose" : "error" };
    const ofCode = models.map((each) => {
      return { name: each.model.name, load: this.bind(each, options) };
    });
    // They may fail before the folders have been read: what comes of them is looked at below.
    void Promise.allSettled(ofCode.map(({ load }) => load));
    try {
      const ofFolders = await this.#repositories.loadAtStart(options);
      const loading = [...ofCode, ...ofFolders];
      tellProgress(loading, { clock: this.#clock, log: this.#log });
      const loads = loading.map(({ load }) => load);
      if (!isProgram && exitOnError) await Promise.all(loads);
      const ends = await Promise.allSettled(loads);
      if (exitOnError) await this.#refuseFailed(ends);
    } finally {
      this.#core.setRunning();
    }
  }

  async #refuseFailed(ends: readonly PromiseSettledResult<void>[]): Promise<void> {
    const failures = ends.flatMap((end): unknown[] =>
      end.status === "rejected" ? [end.reason] : [],
    );
    if (failures.length === 0) return;
    if (ends.length > 1 && this.#closing === undefined) await this.#logModels();
    throw failures.length > 1 ? new AggregateError(failures) : failures[0];
  }

  /** All but those that were never to be loaded. */
  async #logModels(): Promise<void> {
    const index = await this.#repositories.index().catch(() => this.#core.index());
    const entries = index.filter(({ state }) => state !== "UNKNOWN");
    this.#log.block("models", modelTable(entries));
  }

  #httpListener(): HttpListener {
    const { httpAddress, httpPort, reuseHttpPort } = this.#options;
    return new HttpListener(createHttpServer(this.handler), {
      what: "HTTP",
      address: httpAddress,
      port: httpPort,
      portOption: "httpPort",
      isShared: reuseHttpPort,
      clock: this.#clock,
    });
  }

  #metricsListener(): HttpListener {
    const { metricsAddress, metricsPort, allowCpuMetrics } = this.#options;
    const text = (): string =>
      metricsText({
        models: this.#core.statistics(),
        cache: this.#core.cacheFigures(),
        machine: allowCpuMetrics ? this.#machine.read() : undefined,
        eventLoopLag: this.#lag.snapshot(),
        custom: this.#customMetrics,
      });
    return new HttpListener(createHttpServer(metricsHandler(text)), {
      what: "metrics",
      address: metricsAddress,
      port: metricsPort,
      portOption: "metricsPort",
      clock: this.#clock,
    });
  }
}
