/**
 * Models of an ensemble's steps that do nothing until a test says what they answer.
 */
import { assert } from "../assert.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink, StepModel } from "../core/scheduler.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type InferRequest, noParameters, type Parameters } from "../protocol/infer.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";

export class HeldModel implements StepModel {
  config: ModelConfig;
  readonly calls: HeldCall[] = [];
  holdCount = 0;
  /** What is done with a call before `infer` returns. */
  onCall: (call: HeldCall) => void = () => {};

  constructor(config: ModelConfig) {
    this.config = config;
  }

  isReady(): boolean {
    return true;
  }

  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    const call = new HeldCall(this.config, request, sink, options);
    this.calls.push(call);
    this.onCall(call);
    return call;
  }

  stepsKey(): string {
    return "";
  }

  hold(): undefined {
    this.holdCount += 1;
  }

  letGo(): void {
    this.holdCount -= 1;
  }

  /** The call that came last. */
  get last(): HeldCall {
    const call = this.calls.at(-1);
    assert(call !== undefined, `model ${this.config.name} has been called`);
    return call;
  }
}

export interface HeldAnswer {
  readonly parameters?: Parameters;
  readonly isFinal?: boolean;
  readonly isShared?: true;
  readonly computeMs?: number;
}

export class HeldCall implements PendingRequest {
  readonly request: InferRequest;
  readonly options: EnqueueOptions;
  readonly #config: ModelConfig;
  readonly #sink: ResponseSink;
  isCancelled = false;
  creditCount = 0;

  constructor(
    config: ModelConfig,
    request: InferRequest,
    sink: ResponseSink,
    options: EnqueueOptions,
  ) {
    this.#config = config;
    this.request = request;
    this.#sink = sink;
    this.options = options;
  }

  /** Values by input; absent ones are left out. */
  get inputs(): Readonly<Record<string, readonly number[]>> {
    return valuesOf(this.request.inputs);
  }

  respond(outputs: Readonly<Record<string, number>>, answer: HeldAnswer = {}): void {
    const tensors = Object.entries(outputs).map(([name, value]) => tensor(name, [value]));
    this.respondWith(tensors, answer);
  }

  respondWith(outputs: readonly WireTensor[], answer: HeldAnswer = {}): void {
    const { parameters = noParameters, isFinal = true, isShared, computeMs = 1 } = answer;
    const { name: modelName, version: modelVersion } = this.#config;
    const { id } = this.request;
    const timing = { queueMs: 2, batchMs: 0.5, computeMs, outputMs: 0.25 };
    const response = { modelName, modelVersion, id, parameters, outputs, timing };
    this.#sink.respond(isShared ? { ...response, isShared } : response, isFinal);
  }

  fail(error: InferenceError): void {
    this.#sink.fail(error, error.reason);
  }

  cancel(): void {
    this.isCancelled = true;
    this.fail(new InferenceError("CANCELLED", "Request cancelled"));
  }

  credit(responseCount: number): void {
    this.creditCount += responseCount;
  }
}

/** FP32, of rank 1 unless its shape is given. */
export function tensor(
  name: string,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): WireTensor {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return wireTensor({ name, datatype: "FP32", shape }, bytes);
}

export function valuesOf(
  tensors: readonly WireTensor[],
): Readonly<Record<string, readonly number[]>> {
  const entries = tensors.map(({ name, chunks }) => {
    const bytes = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    return [name, [...new Float32Array(bytes.buffer)]] as const;
  });
  return Object.fromEntries(entries);
}
