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
import { BatchSiblings, type SiblingService } from "./batch-siblings.ts";
import type { CopiedBytes } from "./copied-bytes.ts";
import { gatherInputs, joinInputs } from "./gather-inputs.ts";
import type { InstanceThread, ThreadListener } from "./instance-thread.ts";
import {
  type CallMessage,
  type ErrorMessage,
  type FromInstance,
  fromErrorMessage,
  fromSharedTime,
  type RequestMessage,
  type ResponseItem,
} from "./messages.ts";
import { SiblingRelay } from "./sibling-relay.ts";
import { lastAnswersOf } from "./split-outputs.ts";
import { StreamedAnswers } from "./streamed-answers.ts";

export interface ThreadOptions {
  readonly config: ModelConfig;
  readonly log: (level: "info" | "warning" | "error", message: string) => void;
  readonly copied: CopiedBytes;
  readonly siblings: SiblingService;
}

interface Running {
  readonly slot: number;
  readonly batch: ExecutionBatch;
  readonly emit: ExecutionEmitter;
  /** Made for the first response: most models have none before the end. */
  answers: StreamedAnswers | undefined;
  /** Made for the first call of another model. */
  siblings: BatchSiblings | undefined;
}

export class ThreadInstance implements Instance, ThreadListener {
  readonly #options: ThreadOptions;
  readonly #thread: InstanceThread;
  readonly #events: InstanceEvents;
  readonly #relay: SiblingRelay;
  #running: readonly Running[] = [];
  #isStopping = false;
  /** Its last word, before the thread ends. */
  #lastError: InferenceError | undefined = undefined;
  #isFinal = false;

  constructor(options: ThreadOptions, thread: InstanceThread, events: InstanceEvents) {
    this.#options = options;
    this.#thread = thread;
    this.#events = events;
    this.#relay = new SiblingRelay((message, transfer) => thread.post(message, transfer));
  }

  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
    const { config, copied } = this.#options;
    const { tensors, buffer } = joinInputs(gatherInputs(batch, config));
    for (const { byteLength } of tensors) copied.inputs += byteLength;
    const slot = this.#freeSlot();
    const requests = batch.requests.map(({ request, rows }, index): RequestMessage => {
      const { id, parameters, requestedOutputs } = request;
      this.#thread.clearFlags(slot, index);
      return { id, parameters, requestedOutputs, rows };
    });
    this.#running = [
      ...this.#running,
      { slot, batch, emit, answers: undefined, siblings: undefined },
    ];
    const { rows } = batch;
    this.#thread.post({ type: "execute", slot, inputs: tensors, rows, requests }, [buffer]);
  }

  abort(batch: ExecutionBatch, requestIndex: number): void {
    const running = this.#running.find((other) => other.batch === batch);
    if (running !== undefined) this.#abort(running.slot, requestIndex);
  }

  credit(batch: ExecutionBatch, requestIndex: number, responseCount: number): void {
    const running = this.#running.find((other) => other.batch === batch);
    if (running !== undefined) this.#thread.credit(running.slot, requestIndex, responseCount);
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#thread.post({ type: "stop" });
  }

  abandon(): boolean {
    for (const { slot, batch } of this.#running) {
      for (const index of batch.requests.keys()) this.#abort(slot, index);
    }
    return this.#thread.abandon();
  }

  heard(message: FromInstance): void {
    switch (message.type) {
      case "loaded":
        this.#events.ready();
        break;
      case "responses":
        for (const item of message.items) this.#respond(item);
        break;
      case "done":
        this.#finish(message);
        break;
      case "failed":
        this.#take(message.slot)?.emit.failed(timesOf(message), fromErrorMessage(message.error));
        break;
      case "call":
      case "cancelCall":
      case "creditCall":
        this.#relay.hear(message, this.#callerOf(message));
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
    for (const { siblings } of this.#running) siblings?.close();
    this.#events.exited(this.#lastError ?? error, this.#isFinal);
  }

  #callerOf(message: CallMessage): BatchSiblings | undefined {
    if (message.type !== "call") return undefined;
    const running = this.#running.find(({ slot }) => slot === message.slot);
    if (running === undefined) return undefined;
    const { config, siblings: service } = this.#options;
    const { slot, batch } = running;
    const hasGone = (index: number): boolean => this.#thread.isAborted(slot, index);
    running.siblings ??= new BatchSiblings({ config, batch, service, hasGone });
    return running.siblings;
  }

  #respond(item: ResponseItem): void {
    const { config, copied } = this.#options;
    const running = this.#running.find(({ slot }) => slot === item.slot);
    if (running === undefined) return;
    const { slot, batch, emit } = running;
    const hasGone = (index: number): boolean => this.#thread.isAborted(slot, index);
    running.answers ??= new StreamedAnswers({ batch, config, emit, hasGone });
    if ("error" in item) {
      running.answers.fail(item.requestIndex, fromErrorMessage(item.error));
      return;
    }
    copied.outputs += item.copiedBytes;
    for (const index of running.answers.respond(item)) this.#abort(slot, index);
  }

  #finish(message: Extract<FromInstance, { type: "done" }>): void {
    const { config, copied } = this.#options;
    const running = this.#take(message.slot);
    if (running === undefined) return;
    const { batch, emit } = running;
    const times = timesOf(message);
    copied.outputs += message.copiedBytes;
    const answers = lastAnswersOf(message.outputs, batch, config);
    if (answers instanceof InferenceError) emit.failed(times, answers);
    else emit.done(times, answers);
  }

  #abort(slot: number, requestIndex: number): void {
    this.#thread.setAborted(slot, requestIndex);
    this.#thread.post({ type: "abort" });
    this.#running.find((other) => other.slot === slot)?.siblings?.notice();
  }

  /** The core sees to it that there is one. */
  #freeSlot(): number {
    let slot = 0;
    while (this.#running.some((other) => other.slot === slot)) slot += 1;
    return slot;
  }

  #noteEnd({ error, isFinal }: { readonly error: ErrorMessage | undefined; isFinal: boolean }) {
    this.#lastError = error === undefined ? undefined : fromErrorMessage(error);
    this.#isFinal = isFinal;
  }

  #take(slot: number): Running | undefined {
    const running = this.#running.find((other) => other.slot === slot);
    this.#running = this.#running.filter((other) => other !== running);
    running?.siblings?.close();
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
