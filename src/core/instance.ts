/**
 * Instance: one loaded copy of a model, and what the core and an executor say to each other.
 *
 *   core                                executor
 *   host.start(index, events)  ──────>  begins to load
 *                              <──────  events.ready()
 *   instance.execute(batch, emit) ───>  runs
 *                              <──────  emit.respond, emit.fail: answers before the end, if any
 *                              <──────  emit.done or emit.failed: the next batch may come
 *   instance.stop()            ──────>  finishes what runs, unloads
 *                              <──────  events.exited(undefined)
 *
 * Calls back may come inside `execute` and `stop`, or at any time later; those of `start` come
 * after it has returned. At most `config.concurrency` batches per instance at a time. Requests are
 * addressed by their index in the batch.
 *
 * Not here: who restarts, waits and gives up (instance-supervisor.ts).
 */
import type { InferenceError } from "../protocol/errors.ts";
import type { InferRequest, Parameters } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";

/** Makes instances of one model version. */
export interface InstanceHost {
  /** Must not throw: a failure to start is told by `events.exited`. */
  start(index: number, events: InstanceEvents): Instance;
}

export interface InstanceEvents {
  /** Loaded: batches may come. */
  ready(): void;
  /**
   * The instance is no more: `undefined` after `stop`, else why. A batch that ran fails with
   * this error. May come before `ready` (the load failed). The last event of an instance.
   * `isFinal`: a restart would be in vain, because the model says so.
   */
  exited(error: InferenceError | undefined, isFinal?: boolean): void;
}

export interface Instance {
  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void;
  /** The caller of this request has gone: its signal fires; all gone: the batch's signal fires. */
  abort(batch: ExecutionBatch, requestIndex: number): void;
  /** So many responses to this request have been taken: the model may make as many more. */
  credit(batch: ExecutionBatch, requestIndex: number, responseCount: number): void;
  /** Asks it to finish what runs and to end. Answered by `events.exited`. Twice is once. */
  stop(): void;
  /**
   * Written off: it hangs. No event of it is heard any more; ends it if that is safe (a thread
   * inside onnxruntime must never be terminated), else leaves it behind. Was it left behind?
   */
  abandon(): boolean;
}

export interface ExecutionBatch {
  /** At least one. All of one shape class (compatible). */
  readonly requests: readonly ExecutionRequest[];
  /** Sum of the requests' rows; for a model without batching 1. */
  readonly rows: number;
  /** It is nobody's: the instance runs it before it is ready (executor/warming-host.ts). */
  readonly isWarmup?: boolean;
}

export interface ExecutionRequest {
  readonly request: InferRequest;
  /** First dimension of every input; 1 for a model without batching. */
  readonly rows: number;
  /** Milliseconds of the clock; Infinity if it has none. */
  readonly deadlineMs: number;
}

export interface ExecutionEmitter {
  /** A response before the execution ends. `isFinal`: the last one of this request. */
  respond(requestIndex: number, response: ModelResponse, isFinal: boolean): void;
  /** This request failed; the others go on. */
  fail(requestIndex: number, error: InferenceError): void;
  /**
   * The execution has ended, with an answer for each request of the batch. The answer of a
   * request that had its final one before is not looked at; undefined ends one of a streaming
   * model, which has had its responses.
   */
  done(times: ExecutionTimes, answers: readonly ModelAnswer[]): void;
  /** The execution as a whole has failed, and with it every request without a final answer. */
  failed(times: ExecutionTimes, error: InferenceError): void;
}

export type ModelAnswer = ModelResponse | InferenceError | undefined;

export interface ModelResponse {
  /** Views of this request's rows, in the order of the configuration. */
  readonly outputs: readonly WireTensor[];
  readonly parameters: Parameters;
}

/** Moments on the core's clock (`Clock.nowMs`), whatever thread took them. */
export interface ExecutionTimes {
  /** Inputs are in the instance's memory; the model is called. */
  readonly computeInputEndMs: number;
  /** The model returned. */
  readonly computeOutputStartMs: number;
}
