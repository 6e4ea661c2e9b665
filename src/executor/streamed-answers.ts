/**
 * Streamed answers: the responses of a model that streams to one batch, checked, split, and told
 * to the core.
 *
 * A response may be for all requests of the batch, although some of them have ended or their
 * callers have gone: the others get it.
 */
import type { StreamedResponse } from "../backends/backend.ts";
import type { ExecutionBatch, ExecutionEmitter } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import { noParameters } from "../protocol/infer.ts";
import { answersOf } from "./split-outputs.ts";

const noOutputs = { outputs: [], parameters: noParameters };

const none: readonly number[] = [];

export interface Receivers {
  readonly batch: ExecutionBatch;
  readonly config: ModelConfig;
  readonly emit: ExecutionEmitter;
  hasGone(requestIndex: number): boolean;
}

export class StreamedAnswers {
  readonly #receivers: Receivers;
  /** Requests on which the last word has been said. */
  readonly #ended: Set<number> = new Set();

  constructor(receivers: Receivers) {
    this.#receivers = receivers;
  }

  /** Returns the requests that it has failed instead, because something is wrong with it. */
  respond(response: StreamedResponse): readonly number[] {
    const { requestIndex, isFinal } = response;
    const indexes = this.#openOf(requestIndex);
    if (indexes.length === 0) return none;
    const answers = this.#answersIn(response);
    if (answers instanceof InferenceError) {
      for (const index of indexes) this.#fail(index, answers);
      return indexes;
    }
    for (const index of indexes) {
      if (isFinal) this.#ended.add(index);
      const place = requestIndex === undefined ? index : 0;
      this.#receivers.emit.respond(index, answers[place] ?? noOutputs, isFinal);
    }
    return none;
  }

  fail(requestIndex: number, error: InferenceError): void {
    if (this.#isOpen(requestIndex)) this.#fail(requestIndex, error);
  }

  /** None in one that only says that no more will come. */
  #answersIn({ requestIndex, outputs, isFinal }: StreamedResponse): ReturnType<typeof answersOf> {
    const { batch, config } = this.#receivers;
    if (isFinal && outputs.length === 0) return [];
    return answersOf(outputs, partOf(batch, requestIndex), config);
  }

  #fail(requestIndex: number, error: InferenceError): void {
    this.#ended.add(requestIndex);
    this.#receivers.emit.fail(requestIndex, error);
  }

  #openOf(requestIndex: number | undefined): readonly number[] {
    const { requests } = this.#receivers.batch;
    if (requestIndex === undefined && requests.length > 1) {
      return [...requests.keys()].filter((index) => this.#isOpen(index));
    }
    const only = requestIndex ?? 0;
    return this.#isOpen(only) ? [only] : none;
  }

  #isOpen(requestIndex: number): boolean {
    const { batch, hasGone } = this.#receivers;
    if (!(requestIndex in batch.requests) || this.#ended.has(requestIndex)) return false;
    return !hasGone(requestIndex);
  }
}

function partOf(batch: ExecutionBatch, requestIndex: number | undefined): ExecutionBatch {
  if (requestIndex === undefined) return batch;
  const requests = batch.requests.slice(requestIndex, requestIndex + 1);
  return { requests, rows: requests[0]?.rows ?? 0 };
}
