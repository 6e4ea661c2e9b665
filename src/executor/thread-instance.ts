/**
 * Thread instance: an instance in a worker thread, from the core's side.
 *
 * Inputs are gathered into one buffer and transferred; outputs come back transferred, and are cut
 * into views. Between the two the main thread holds no tensor of the batch.
 *
 * Not here: the thread itself (instance-thread.ts).
 */

import type { ModelMetricsStore } from "../core/custom-metrics.ts";
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionRequest,
  Instance,
  InstanceEvents,
} from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { MetricDeclaration } from "../protocol/custom-metric.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { InstanceLog } from "./batch-log.ts";
import { BatchSiblings, type SiblingService } from "./batch-siblings.ts";
import { deadlineOf } from "./call-requests.ts";
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
  toSharedTime,
} from "./messages.ts";
import { SiblingRelay } from "./sibling-relay.ts";
import { lastAnswersOf } from "./split-outputs.ts";
import { StreamedAnswers } from "./streamed-answers.ts";

export interface ThreadOptions {
  readonly config: ModelConfig;
  readonly log: InstanceLog;
  readonly metrics: ModelMetricsStore;
  /** Among the instances of the model. */
  readonly index: number;
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
  #isLoaded = false;
  /** Why it must not become ready, although it could. */
  #refusal: InferenceError | undefined = undefined;
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
    const requests = batch.requests.map((each, index): RequestMessage => {
      this.#thread.clearFlags(slot, index);
      return toMessage(each);
    });
    const fresh = { slot, batch, emit, answers: undefined, siblings: undefined };
    this.#running = [...this.#running, fresh];
    const { rows, isWarmup = false } = batch;
    const message = { type: "execute", slot, inputs: tensors, rows, requests } as const;
    this.#thread.post(isWarmup ? { ...message, isWarmup } : message, [buffer]);
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
        this.#isLoaded = true;
        if (this.#refusal === undefined) this.#events.ready();
        break;
      case "metric":
        this.#declare(message.declaration);
        break;
      case "metrics":
        this.#options.metrics.record(this.#options.index, message.updates);
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
        this.#log(message);
        break;
    }
  }

  exited(error: InferenceError | undefined): void {
    for (const { siblings } of this.#running) siblings?.close();
    this.#events.exited(this.#refusal ?? this.#lastError ?? error, this.#isFinal);
  }

  /** A metric that contradicts another model's fails the load; declared later, it does not count. */
  #declare(declaration: MetricDeclaration): void {
    const { config, metrics, log } = this.#options;
    try {
      metrics.declare(declaration);
    } catch (reason) {
      const why = reason instanceof Error ? reason.message : String(reason);
      if (this.#isLoaded) log("error", `model '${config.name}': ${why}`);
      else {
        const text = `setup of model '${config.name}' failed: ${why}`;
        this.#refusal ??= new InferenceError("INTERNAL", text, {
          reason: "BACKEND",
          cause: reason,
        });
        this.stop();
      }
    }
  }

  #log({ level, message, slot, request }: Extract<FromInstance, { type: "log" }>): void {
    const running = this.#running.find((other) => other.slot === slot);
    const about = running === undefined ? undefined : { batch: running.batch, request };
    this.#options.log(level, message, about);
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

/** What most requests have not is not sent. */
function toMessage({ request, rows, deadlineMs }: ExecutionRequest): RequestMessage {
  const { id, parameters, headers, requestedOutputs } = request;
  const message = { id, parameters, requestedOutputs, rows };
  const sharedMs = deadlineOf(deadlineMs);
  if (sharedMs === undefined && headers === undefined) return message;
  return {
    ...message,
    headers,
    deadlineMs: sharedMs === undefined ? undefined : toSharedTime(sharedMs),
  };
}

function timesOf({
  times,
}: Extract<FromInstance, { type: "done" | "failed" }>): Parameters<ExecutionEmitter["done"]>[0] {
  return {
    computeInputEndMs: fromSharedTime(times.computeInputEndMs),
    computeOutputStartMs: fromSharedTime(times.computeOutputStartMs),
  };
}
