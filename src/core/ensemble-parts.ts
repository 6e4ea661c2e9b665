/**
 * Parts of an ensemble run: an iteration, with the tensors that are there and how many each step
 * still lacks; and a step's request on its way.
 *
 * A call may be answered, cancelled and given credit before whoever sent it holds what it was given
 * for it: what it is told until then is passed on as soon as it can be.
 *
 * Not here: what follows from an answer (ensemble-run.ts).
 */
import type { InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import type { EnsemblePlan, PlannedStep } from "./ensemble-plan.ts";
import type { EnsembleValue } from "./ensemble-values.ts";
import type { PendingRequest, ResponseSink } from "./scheduler.ts";

export interface StepOwner {
  answered(call: StepCall, response: InferResponse, isFinal: boolean): void;
  failed(call: StepCall, error: InferenceError): void;
}

/** Of the tensors of one level: the request itself, or one response of a stream. */
export class Iteration {
  /** Undefined: the request itself. */
  readonly maker: StepCall | undefined;
  /** By tensor. */
  readonly values: (EnsembleValue | undefined)[];
  missingOutputs: number;
  openCount = 0;
  /** By step: tensors that are not there yet. */
  readonly #missing: number[];

  constructor(
    { tensorCount, steps }: EnsemblePlan,
    outputCount: number,
    maker: StepCall | undefined,
  ) {
    this.maker = maker;
    this.values = new Array<EnsembleValue | undefined>(tensorCount).fill(undefined);
    this.missingOutputs = outputCount;
    this.#missing = steps.map((step) => step.tensorCount);
  }

  /** One more of its tensors is there. */
  lacksNoneAfter({ index }: PlannedStep): boolean {
    const missing = (this.#missing[index] ?? 0) - 1;
    this.#missing[index] = missing;
    return missing === 0;
  }
}

/** A request to the model of a step. */
export class StepCall implements ResponseSink {
  readonly step: PlannedStep;
  readonly iteration: Iteration;
  readonly request: InferRequest;
  readonly #owner: StepOwner;
  #pending: PendingRequest | undefined = undefined;
  #hasEnded = false;
  /** What it was told before it was there to hear it. */
  #isCancelled = false;
  #credit = 0;

  constructor(owner: StepOwner, step: PlannedStep, iteration: Iteration, request: InferRequest) {
    this.#owner = owner;
    this.step = step;
    this.iteration = iteration;
    this.request = request;
  }

  respond(response: InferResponse, isFinal: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = isFinal;
    this.#owner.answered(this, response, isFinal);
  }

  fail(error: InferenceError): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#owner.failed(this, error);
  }

  sent(pending: PendingRequest): void {
    this.#pending = pending;
    if (this.#hasEnded) return;
    if (this.#isCancelled) pending.cancel();
    else if (this.#credit > 0) pending.credit(this.#credit);
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#pending?.cancel();
  }

  credit(responseCount: number): void {
    if (this.#hasEnded) return;
    if (this.#pending === undefined) this.#credit += responseCount;
    else this.#pending.credit(responseCount);
  }
}
