/**
 * Inline instance: a model that runs on the event loop, in the thread of the server.
 *
 * Its exceptions fail its batch only. What it holds up is measured: the stretch from its call to
 * its return, or to its first `await`, is what everybody else had to wait for.
 *
 * Not here: who is told about it (server/watchdog.ts).
 */
import type {
  Backend,
  BackendCall,
  BackendResult,
  CallRequest,
  LoadedModel,
} from "../backends/backend.ts";
import type { Clock } from "../core/clock.ts";
import type {
  ExecutionBatch,
  ExecutionEmitter,
  Instance,
  InstanceEvents,
} from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { isUnrecoverable } from "../definition/unrecoverable-error.ts";
import { allocateBytes } from "../protocol/byte-slab.ts";
import { datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { isJoined, joinBytes } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { BatchSignals } from "./batch-signals.ts";
import { callRequests } from "./call-requests.ts";
import type { CopiedBytes } from "./copied-bytes.ts";
import { gatherInputs } from "./gather-inputs.ts";
import { answersOf } from "./split-outputs.ts";

export interface InlineOptions {
  readonly config: ModelConfig;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Parameters<Backend["load"]>[0]["log"];
  readonly copied: CopiedBytes;
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
  readonly #stopping: AbortController = new AbortController();
  #loaded: LoadedModel | undefined = undefined;
  #running: InlineCall | undefined = undefined;
  #isStopping = false;
  #isAbandoned = false;

  constructor(options: InlineOptions, index: number, events: InstanceEvents) {
    this.#options = options;
    this.#events = events;
    const { config, backend, log } = options;
    backend
      .load({
        modelName: config.name,
        modelVersion: config.version,
        instanceIndex: index,
        device: "cpu",
        log,
        signal: this.#stopping.signal,
      })
      .then(
        (loaded) => this.#setLoaded(loaded),
        (reason: unknown) => this.#exit(reason),
      );
  }

  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
    const { config, clock, copied, watch } = this.#options;
    if (this.#loaded === undefined) return;
    const call = new InlineCall(batch, gatherInputs(batch, config), copied, clock.nowMs());
    this.#running = call;
    try {
      const result = this.#run(this.#loaded, call);
      if (result instanceof Promise) {
        watch.awaits();
        result.then(
          (later) => {
            watch.settled();
            this.#finish(call, emit, later);
          },
          (reason: unknown) => {
            watch.settled();
            this.#fail(call, emit, reason);
          },
        );
      } else this.#finish(call, emit, result);
    } catch (reason) {
      this.#fail(call, emit, reason);
    }
  }

  abort(_batch: ExecutionBatch, requestIndex: number): void {
    this.#running?.abort(requestIndex);
  }

  credit(): void {}

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
    this.#running?.abortAll();
    return true;
  }

  #setLoaded(loaded: LoadedModel): void {
    this.#loaded = loaded;
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

  #finish(call: InlineCall, emit: ExecutionEmitter, result: BackendResult): void {
    const { config, clock, copied } = this.#options;
    if (!this.#end(call)) return;
    const times = { computeInputEndMs: call.startMs, computeOutputStartMs: clock.nowMs() };
    copied.outputs += result.copiedBytes;
    const answers = answersOf(result.outputs, call.batch, config);
    if (answers instanceof InferenceError) emit.failed(times, answers);
    else emit.done(times, answers);
    if (this.#isStopping) this.#unloadIfIdle();
  }

  #fail(call: InlineCall, emit: ExecutionEmitter, reason: unknown): void {
    if (!this.#end(call)) return;
    const error = InferenceError.from(reason);
    if (isUnrecoverable(error.cause)) this.#exit(error);
    else {
      const computeOutputStartMs = this.#options.clock.nowMs();
      const times = { computeInputEndMs: call.startMs, computeOutputStartMs };
      emit.failed(times, error);
      if (this.#isStopping) this.#unloadIfIdle();
    }
  }

  /** False if its end is of no interest any more. */
  #end(call: InlineCall): boolean {
    if (this.#isAbandoned || this.#running !== call) return false;
    this.#running = undefined;
    return true;
  }

  /** The end of a batch may have brought the next one. */
  #unloadIfIdle(): void {
    if (this.#running !== undefined) return;
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

/** A batch on its way through the model. */
class InlineCall implements BackendCall {
  readonly batch: ExecutionBatch;
  readonly inputs: readonly WireTensor[];
  readonly startMs: number;
  readonly #copied: CopiedBytes;
  readonly allocate: BackendCall["allocate"] = allocateBytes;
  #aborted: Set<number> | undefined = undefined;
  #signals: BatchSignals | undefined = undefined;

  constructor(
    batch: ExecutionBatch,
    inputs: readonly WireTensor[],
    copied: CopiedBytes,
    startMs: number,
  ) {
    this.batch = batch;
    this.inputs = inputs;
    this.#copied = copied;
    this.startMs = startMs;
  }

  get rows(): number {
    return this.batch.rows;
  }

  get requests(): readonly CallRequest[] {
    const requests = this.batch.requests.map(({ request, rows }) => ({ ...request, rows }));
    return callRequests(requests, (index) => this.#isAborted(index));
  }

  get signal(): AbortSignal {
    this.#signals ??= new BatchSignals(this.batch.requests.length, (index) => {
      return this.#isAborted(index);
    });
    return this.#signals.signal;
  }

  join({ datatype, chunks, byteLength }: WireTensor): Uint8Array {
    const elementSize = datatypes[datatype].byteSize || 1;
    if (!isJoined(chunks, elementSize)) this.#copied.inputs += byteLength;
    return joinBytes(chunks, byteLength, elementSize);
  }

  abort(requestIndex: number): void {
    this.#aborted ??= new Set();
    this.#aborted.add(requestIndex);
    this.#signals?.notice();
  }

  abortAll(): void {
    for (const index of this.batch.requests.keys()) this.abort(index);
  }

  #isAborted(requestIndex: number): boolean {
    return this.#aborted?.has(requestIndex) ?? false;
  }
}
