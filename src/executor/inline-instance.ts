/**
 * Inline instance: a model that runs on the event loop, in the thread of the server.
 *
 * Its exceptions fail its batch only. What it holds up is measured: the stretch from its call to
 * its return, or to its first `await`, is what everybody else had to wait for.
 *
 * Not here: who is told about it (server/watchdog.ts).
 */
import type { Backend, BackendResult, LoadedModel } from "../backends/backend.ts";
import { MetricsRecorder } from "../backends/metrics-recorder.ts";
import type { Clock } from "../core/clock.ts";
import type { ModelMetricsStore } from "../core/custom-metrics.ts";
import type {
  ExecutionBatch,
  ExecutionEmitter,
  Instance,
  InstanceEvents,
} from "../core/instance.ts";
import { batchLog } from "../definition/model-log.ts";
import { isUnrecoverable } from "../definition/unrecoverable-error.ts";
import { InferenceError } from "../protocol/errors.ts";
import { InlineCall, type InlineCallOptions } from "./inline-call.ts";
import { lastAnswersOf } from "./split-outputs.ts";

export interface InlineOptions extends InlineCallOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly metrics: ModelMetricsStore;
  readonly watch: InlineWatch;
}

/** Told what a model does to the event loop. */
export interface InlineWatch {
  /** A call held it for so long, until it returned or awaited something. */
  blocked(durationMs: number): void;
  /** A call awaits something: when it goes on, it may hold the loop again. */
  awaits(): void;
  /** Such a call has ended. */
  settled(): void;
}

export class InlineInstance implements Instance {
  readonly #options: InlineOptions;
  readonly #events: InstanceEvents;
  readonly #metrics: MetricsRecorder;
  readonly #stopping: AbortController = new AbortController();
  #loaded: LoadedModel | undefined = undefined;
  #running: readonly InlineCall[] = [];
  #isStopping = false;
  #isAbandoned = false;

  constructor(options: InlineOptions, index: number, events: InstanceEvents) {
    this.#options = options;
    this.#events = events;
    const { config, backend, log, metrics } = options;
    this.#metrics = new MetricsRecorder({
      declare: (declaration) => metrics.declare(declaration),
      record: (updates) => {
        if (!this.#isAbandoned) metrics.record(index, updates);
      },
    });
    backend
      .load({
        modelName: config.name,
        modelVersion: config.version,
        instanceIndex: index,
        device: "cpu",
        log: batchLog((level, message) => log(level, message)),
        metrics: this.#metrics,
        signal: this.#stopping.signal,
      })
      .then(
        (loaded) => this.#setLoaded(loaded),
        (reason: unknown) => this.#exit(reason),
      );
  }

  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
    const { clock, watch } = this.#options;
    if (this.#loaded === undefined) return;
    const call = new InlineCall(this.#options, batch, emit, clock.nowMs());
    this.#running = [...this.#running, call];
    try {
      const result = this.#run(this.#loaded, call);
      if (result instanceof Promise) {
        watch.awaits();
        result.then(
          (later) => {
            watch.settled();
            this.#finish(call, later);
          },
          (reason: unknown) => {
            watch.settled();
            this.#fail(call, reason);
          },
        );
      } else this.#finish(call, result);
    } catch (reason) {
      this.#fail(call, reason);
    }
  }

  abort(batch: ExecutionBatch, requestIndex: number): void {
    this.#callOf(batch)?.abort(requestIndex);
  }

  credit(batch: ExecutionBatch, requestIndex: number, responseCount: number): void {
    this.#callOf(batch)?.credit(requestIndex, responseCount);
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#stopping.abort();
    this.#unloadIfIdle();
  }

  /** What waits in it goes on waiting: nobody can end it. */
  abandon(): boolean {
    this.#isAbandoned = true;
    this.#stopping.abort();
    for (const call of this.#running) call.abortAll();
    return true;
  }

  #callOf(batch: ExecutionBatch): InlineCall | undefined {
    return this.#running.find((call) => call.batch === batch);
  }

  #setLoaded(loaded: LoadedModel): void {
    this.#loaded = loaded;
    this.#metrics.flush();
    if (this.#isAbandoned || this.#isStopping) this.#unloadIfIdle();
    else this.#events.ready();
  }

  /** Measured until it returns or throws: so long nothing else could happen. */
  #run(loaded: LoadedModel, call: InlineCall): BackendResult | Promise<BackendResult> {
    const { clock, watch } = this.#options;
    try {
      return loaded.run(call);
    } finally {
      watch.blocked(clock.nowMs() - call.startMs);
    }
  }

  #finish(call: InlineCall, result: BackendResult): void {
    const { config, clock, copied } = this.#options;
    if (!this.#end(call)) return;
    const { emit, batch } = call;
    const times = { computeInputEndMs: call.startMs, computeOutputStartMs: clock.nowMs() };
    copied.outputs += result.copiedBytes;
    const answers = lastAnswersOf(result.outputs, batch, config);
    if (answers instanceof InferenceError) emit.failed(times, answers);
    else emit.done(times, answers);
    if (this.#isStopping) this.#unloadIfIdle();
  }

  #fail(call: InlineCall, reason: unknown): void {
    if (!this.#end(call)) return;
    const error = InferenceError.from(reason);
    if (isUnrecoverable(error.cause)) this.#exit(error);
    else {
      const computeOutputStartMs = this.#options.clock.nowMs();
      const times = { computeInputEndMs: call.startMs, computeOutputStartMs };
      call.emit.failed(times, error);
      if (this.#isStopping) this.#unloadIfIdle();
    }
  }

  /** False if its end is of no interest any more. */
  #end(call: InlineCall): boolean {
    call.end();
    this.#metrics.flush();
    if (this.#isAbandoned) return false;
    this.#running = this.#running.filter((other) => other !== call);
    return true;
  }

  /** The end of a batch may have brought the next one. */
  #unloadIfIdle(): void {
    if (this.#running.length > 0) return;
    const loaded = this.#loaded;
    this.#loaded = undefined;
    loaded?.unload().then(
      () => this.#exit(undefined),
      (reason: unknown) => this.#exit(reason),
    );
  }

  #exit(reason: unknown): void {
    if (this.#isAbandoned) return;
    this.#isAbandoned = true;
    const error = reason === undefined ? undefined : InferenceError.from(reason);
    this.#events.exited(error, isUnrecoverable(error?.cause));
  }
}
