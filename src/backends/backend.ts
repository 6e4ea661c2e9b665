/**
 * Backend: code that can run one kind of model. It lives inside an instance, whichever kind
 * (inline, thread), and never sees a request's wire form: only whole tensors of a batch.
 *
 * Who gathers inputs, splits outputs and moves bytes between threads: executor/.
 */
import type { BatchLog } from "../definition/model-log.ts";
import type { ModelMetrics } from "../definition/model-metrics.ts";
import type { Datatype } from "../protocol/datatype.ts";
import type { InferenceError } from "../protocol/errors.ts";
import type { ForwardedHeaders, Parameters } from "../protocol/infer.ts";
import type { ModelOptions, TensorDeclaration } from "../protocol/model-options.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type { SiblingCaller } from "./sibling-calls.ts";

/** What the model is told about one request of its batch. */
export interface CallRequest {
  readonly id: string;
  readonly parameters: Parameters;
  readonly headers: ForwardedHeaders;
  /** Moment of this thread's `performance.now()`; undefined: none. */
  readonly deadlineMs: number | undefined;
  /** Empty: all. */
  readonly requestedOutputs: readonly string[];
  /** First row of this request in the batch, and how many are its own. */
  readonly firstRow: number;
  readonly rows: number;
  /** Has its caller gone? Readable at any time, also by synchronous code. */
  isAborted(): boolean;
}

export interface BackendCall {
  /** As declared, in that order; optional ones that no request of the batch has are missing. */
  readonly inputs: readonly WireTensor[];
  readonly rows: number;
  readonly requests: readonly CallRequest[];
  /** Lines carry the ids of its requests. Made on first use. */
  readonly log: BatchLog;
  /** Nobody waits for it: it is run before the model is ready. */
  readonly isWarmup: boolean;
  /** Fires when nobody in the batch is left waiting. Made on first use: it is not free. */
  readonly signal: AbortSignal;
  /** The bytes of an input in one piece, from a multiple of its elements' size. */
  join(input: WireTensor): Uint8Array;
  /** Memory for outputs that must be copied: zeros, and nobody else's. */
  allocate(byteLength: number): Uint8Array;
  /** Of a model that streams; of any other what fails by itself. */
  readonly responses: ResponseStream;
  /** The way to other models. */
  readonly siblings: SiblingCaller;
}

/** Where a model that streams puts its responses, one after another. */
export interface ResponseStream {
  /** Nobody waits for a response any more. */
  readonly isOver: boolean;
  /** To one request of the batch, or to all that still wait. Whoever has gone gets nothing. */
  respond(response: StreamedResponse): void;
  /** The last word on one request. */
  fail(requestIndex: number, error: InferenceError): void;
  /**
   * Resolves when there is room for a further response, to one request or to all that still wait;
   * undefined: there is. Also when they have gone.
   */
  whenRoom(requestIndex: number | undefined): Promise<void> | undefined;
}

export interface StreamedResponse extends BackendResult {
  /** Undefined: all rows of the batch. */
  readonly requestIndex: number | undefined;
  readonly isFinal: boolean;
}

export interface BackendResult {
  /**
   * Those that somebody wants, at least; none from a model that streams. Their memory is given
   * away, to a response or to another thread: nobody else may hold it. Several may lie in one
   * buffer, or be the same.
   */
  readonly outputs: readonly WireTensor[];
  /** That had to be copied, because the memory was the model's own. */
  readonly copiedBytes: number;
}

export interface TensorDescription {
  readonly name: string;
  readonly datatype: Datatype;
  /** As the model has it, batch dimension included if it has one; -1 is any size. */
  readonly shape: readonly number[];
}

/** What a loaded model file says of itself. Function models need none: they carry their types. */
export interface ModelDescription {
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
}

/**
 * What a module of a repository defines: all of a function model that can be told to another
 * thread.
 */
export interface ModuleDefinition {
  readonly name: string;
  readonly version: number;
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  readonly options: ModelOptions;
  readonly isDecoupled: boolean;
  /** Functions over waiting requests, which stay where they are. */
  readonly measures: readonly string[];
}

export interface LoadedModel {
  readonly description: ModelDescription | ModuleDefinition | undefined;
  run(call: BackendCall): BackendResult | Promise<BackendResult>;
  /** Also after a failed run. Idempotent. */
  unload(): Promise<void>;
}

export interface InstanceContext {
  readonly modelName: string;
  readonly modelVersion: number;
  /** 0, 1, ... among the instances of the model. */
  readonly instanceIndex: number;
  readonly device: "cpu" | `cuda:${number}`;
  readonly log: BackendLog;
  readonly metrics: ModelMetrics;
  /** Fires when the instance is asked to stop or was given up while loading. */
  readonly signal: AbortSignal;
}

interface BackendLog {
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
}

export interface Backend {
  /**
   * JavaScript may be terminated in the middle; native code that is entered (onnxruntime) must
   * not: that aborts the whole process.
   */
  readonly mayTerminateWhileBusy: boolean;
  load(context: InstanceContext): Promise<LoadedModel>;
}
