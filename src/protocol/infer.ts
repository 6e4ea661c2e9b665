/**
 * Inference request and response, as every frontend hands them to the core and gets them back.
 *
 * Not here: how an output is written (JSON or binary): that is the frontend's, which keeps it.
 */
import type { WireTensor } from "./tensor.ts";

/** Integers beyond 2^53 are bigint. */
export type ParameterValue = string | boolean | number | bigint;
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** Shared, so that requests without parameters allocate none. */
export const noParameters: Parameters = Object.freeze({});

/** Headers of HTTP, or metadata of gRPC, that were handed on: names in lower case. */
export type ForwardedHeaders = Readonly<Record<string, string>>;

export const noHeaders: ForwardedHeaders = /* @__PURE__ */ Object.freeze({});

/**
 * The version that a caller asks for; undefined: the highest that is ready. Beyond 2^53 a bigint:
 * no model has such a version, but the error names it with all its digits.
 */
export type AskedVersion = number | bigint | undefined;

export interface InferRequest {
  readonly modelName: string;
  readonly modelVersion: AskedVersion;
  /** Empty: the caller gave none. */
  readonly id: string;
  /** Under which the log knows this request: the caller's id, or one that was made for it. */
  readonly logId: string;
  /** Custom parameters only: what the protocol names has a field of its own. */
  readonly parameters: Parameters;
  /** Those that are forwarded stand in `parameters`, too. Left out: none. */
  readonly headers?: ForwardedHeaders;
  readonly inputs: readonly WireTensor[];
  /** Empty: all outputs of the model. */
  readonly requestedOutputs: readonly string[];
  /** Of the outputs that are to be classified: at most so many classes, 1 at least. */
  readonly classes?: ReadonlyMap<string, number> | undefined;
  /** 0: the model's default level. */
  readonly priority: number;
  /** Queue timeout in milliseconds; 0: none given. */
  readonly timeoutMs: number;
  readonly sequence: SequenceFields | undefined;
}

export interface SequenceFields {
  /** 0 and "" mean none. */
  readonly id: bigint | string;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

export interface InferResponse {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly id: string;
  /** Set by the model. */
  readonly parameters: Parameters;
  /** In the order of the configuration; only those requested. */
  readonly outputs: readonly WireTensor[];
  /** Milliseconds of this request's life, for `Server-Timing`. */
  readonly timing: RequestTiming;
  /** Others are given the same bytes: whoever hands them to foreign code copies them before. */
  readonly isShared?: true;
}

/** Lengths in milliseconds. */
export interface RequestTiming {
  readonly queueMs: number;
  /** Gathering and handing over: compute_input. */
  readonly batchMs: number;
  readonly computeMs: number;
  /** Splitting the outputs: compute_output. */
  readonly outputMs: number;
}
