/**
 * Scheduler: owns the waiting requests of one model version and decides what runs when.
 *
 * An interface: one that batches for instances, one that sends ensembles to other models, and what
 * stands before either (cache, single flight) implement it.
 */
import type { FailureReason, InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import type { EnsemblePlan } from "./ensemble-plan.ts";
import type { ModelConfig } from "./model-config.ts";

/**
 * Where the answer of a request goes: exactly one of a final respond and fail ends it.
 *
 * A streaming model may respond any number of times before. Its last response may be without
 * outputs: then it says nothing but that no more will come.
 */
export interface ResponseSink {
  respond(response: InferResponse, isFinal: boolean): void;
  /** `reason` is how it was counted, if it was. */
  fail(error: InferenceError, reason?: FailureReason): void;
  /**
   * It has waited in the queue for as long as its caller is willing to, and would fail with this
   * error. By how many milliseconds somebody else is willing to wait longer for the same answer:
   * then it waits on, in its place. 0, or no such method: nobody does.
   */
  expired?(error: InferenceError): number;
}

export interface EnqueueOptions {
  /** Moment on the clock after which the caller no longer waits; Infinity: none. */
  readonly deadlineMs: number;
  /** What it asks for (request-key.ts), if somebody in front of this scheduler needed to know. */
  readonly key?: string;
  /**
   * A call by a batch that runs, not from outside: a server that drains lets it in, as it waits for
   * that batch. What else goes along with such a call (a trace context) has its place here.
   */
  readonly isInternal?: boolean;
  /** Of an ensemble within another: the models for its steps. */
  readonly held?: HeldSteps | undefined;
}

/** The model of a step, as it was found when a request came. */
export interface StepModel {
  readonly config: ModelConfig;
  isReady(): boolean;
  /** Changes with the loads that answer for it. */
  stepsKey(held?: HeldSteps): string;
  /** Throws what is wrong with the request. */
  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest;
  /**
   * It stays, for requests from inside, until it has been let go as often; an ensemble with the
   * models that its steps have now, or with those that it had once. Throws why it is down.
   */
  hold(again?: HeldSteps): HeldSteps | undefined;
  letGo(held: HeldSteps | undefined): void;
}

/** Steps of an ensemble with models that stay until they are let go. */
export interface HeldSteps {
  readonly plan: EnsemblePlan;
  readonly models: readonly HeldStep[];
  readonly key: string;
}

export interface HeldStep {
  readonly model: StepModel;
  /** Undefined: it is no ensemble. */
  readonly held: HeldSteps | undefined;
}

/** A request on its way. */
export interface PendingRequest {
  /**
   * The caller has gone. In the queue the request leaves at once; in a batch its result is
   * dropped. The sink hears CANCELLED, unless it has had its final answer: then nothing happens.
   */
  cancel(): void;
  /**
   * So many of its responses have left for the caller, or were dropped: the model may make as many
   * more. Only a streaming model waits for this. A response may come before whoever sent the
   * request holds this object.
   */
  credit(responseCount: number): void;
}

export interface Scheduler {
  /** Validated requests only. May answer the sink before it returns. Never throws. */
  enqueue(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest;
  /** Nothing waits or runs. */
  readonly isIdle: boolean;
  /**
   * Refuses new requests from outside; what waits and runs goes on. Resolves when nothing is left,
   * for the moment: a batch that runs elsewhere may still call.
   */
  drain(): Promise<void>;
  /** Refuses these calls, too. */
  close(): void;
  /** Fails what still waits or runs. */
  failAll(error: InferenceError): void;
}
