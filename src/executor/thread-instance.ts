/**
 * Thread instance: an instance in a worker thread, from the core's side.
 *
 * Inputs are gathered into one buffer and transferred; outputs come back transferred, and are cut
 * into views. Between the two the main thread holds no tensor of the batch.
 *
 * Not here: the thread itself (instance-thread.ts).
 */
import type {
  ExecutionBatch,
  ExecutionEmitter,
  Instance,
  InstanceEvents,
} from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { CopiedBytes } from "./copied-bytes.ts";
import { gatherInputs, joinInputs } from "./gather-inputs.ts";
import type { InstanceThread, ThreadListener } from "./instance-thread.ts";
import {
  type ErrorMessage,
  type FromInstance,
  fromErrorMessage,
  fromSharedTime,
  type RequestMessage,
} from "./messages.ts";
import { answersOf } from "./split-outputs.ts";

export interface ThreadOptions {
  readonly config: ModelConfig;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
  readonly copied: CopiedBytes;
}

interface Running {
  readonly batch: ExecutionBatch;
  readonly emit: ExecutionEmitter;
}

export class ThreadInstance implements Instance, ThreadListener {
  readonly #options: ThreadOptions;
  readonly #thread: InstanceThread;
  readonly #events: InstanceEvents;
  #running: Running | undefined = undefined;
  #isStopping = false;
  /** Its last word, before the thread ends. */
  #lastError: InferenceError | undefined = undefined;
  #isFinal = false;

  constructor(options: ThreadOptions, thread: InstanceThread, events: InstanceEvents) {
    this.#options = options;
    this.#thread = thread;
    this.#events = events;
  }

  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
    const { config, copied } = this.#options;
    const { tensors, buffer } = joinInputs(gatherInputs(batch, config));
    for (const { byteLength } of tensors) copied.inputs += byteLength;
    const requests = batch.requests.map(({ request, rows }, index): RequestMessage => {
      const { id, parameters, requestedOutputs } = request;
      this.#thread.setAborted(index, false);
      return { id, parameters, requestedOutputs, rows };
    });
    this.#running = { batch, emit };
    const message = { type: "execute", inputs: tensors, rows: batch.rows, requests } as const;
    this.#thread.post(message, [buffer]);
  }

  abort(_batch: ExecutionBatch, requestIndex: number): void {
    this.#abort(requestIndex);
  }

  credit(): void {}

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#thread.post({ type: "stop" });
  }

  abandon(): boolean {
    const running = this.#running;
    for (const index of running?.batch.requests.keys() ?? []) this.#abort(index);
    return this.#thread.abandon();
  }

  heard(message: FromInstance): void {
    switch (message.type) {
      case "loaded":
        this.#events.ready();
        break;
      case "done":
        this.#finish(message);
        break;
      case "failed":
        this.#take()?.emit.failed(timesOf(message), fromErrorMessage(message.error));
        break;
      case "ended":
        this.#noteEnd(message);
        break;
      case "log":
        this.#options.log(message.level, message.message);
        break;
    }
  }

  exited(error: InferenceError | undefined): void {
    this.#events.exited(this.#lastError ?? error, this.#isFinal);
  }

  #finish(message: Extract<FromInstance, { type: "done" }>): void {
    const { config, copied } = this.#options;
    const running = this.#take();
    if (running === undefined) return;
    const { batch, emit } = running;
    const times = timesOf(message);
    copied.outputs += message.copiedBytes;
    const answers = answersOf(message.outputs, batch, config);
    if (answers instanceof InferenceError) emit.failed(times, answers);
    else emit.done(times, answers);
  }

  #abort(requestIndex: number): void {
    this.#thread.setAborted(requestIndex, true);
    this.#thread.post({ type: "abort" });
  }

  #noteEnd({ error, isFinal }: { readonly error: ErrorMessage | undefined; isFinal: boolean }) {
    this.#lastError = error === undefined ? undefined : fromErrorMessage(error);
    this.#isFinal = isFinal;
  }

  #take(): Running | undefined {
    const running = this.#running;
    this.#running = undefined;
    return running;
  }
}

function timesOf({
  times,
}: Extract<FromInstance, { type: "done" | "failed" }>): Parameters<ExecutionEmitter["done"]>[0] {
  return {
    computeInputEndMs: fromSharedTime(times.computeInputEndMs),
    computeOutputStartMs: fromSharedTime(times.computeOutputStartMs),
  };
}
