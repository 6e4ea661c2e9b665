/**
 * Scripted call: a request that has reached the core, where a test plays the core and answers by
 * hand. It counts what the frontend says to it.
 */
import type { EnqueueOptions, PendingRequest, ResponseSink } from "../../dist/core/scheduler.js";
import type { InferenceError } from "../../dist/protocol/errors.js";
import type { InferRequest, Parameters } from "../../dist/protocol/infer.js";
import type { WireTensor } from "../../dist/protocol/tensor.js";

export class ScriptedCall implements PendingRequest {
  readonly request: InferRequest;
  readonly options: EnqueueOptions;
  /** Responses so far, without a mere end. */
  saidCount = 0;
  cancelCount = 0;
  /** Responses that have left, as the model is told. */
  creditCount = 0;
  readonly #sink: ResponseSink;

  constructor(request: InferRequest, sink: ResponseSink, options: EnqueueOptions) {
    this.request = request;
    this.options = options;
    this.#sink = sink;
  }

  cancel(): void {
    this.cancelCount += 1;
  }

  credit(responseCount: number): void {
    this.creditCount += responseCount;
  }

  respond(outputs: readonly WireTensor[], isFinal = false, parameters: Parameters = {}): void {
    const { id, modelName } = this.request;
    if (!isFinal || outputs.length > 0) this.saidCount += 1;
    const timing = { queueMs: 1, batchMs: 2, computeMs: 3, outputMs: 4 };
    this.#sink.respond({ modelName, modelVersion: 1, id, parameters, outputs, timing }, isFinal);
  }

  /** Nothing more will come. */
  end(): void {
    this.respond([], true);
  }

  fail(error: InferenceError): void {
    this.#sink.fail(error);
  }
}
