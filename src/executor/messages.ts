/**
 * Messages between the main thread and the thread of an instance: all of them.
 *
 *   main thread                          instance (thread-main.ts)
 *   workerData: ThreadStart  ────────>   imports the model, runs its setup
 *                            <────────   loaded | ended
 *   execute                  ────────>   runs the batch; the buffer of its inputs is transferred
 *                            <────────   done | failed; buffers of outputs are transferred
 *   abort (flags are set)    ────────>
 *   stop                     ────────>   unloads, and ends
 *                            <────────   ended
 *
 * `flags` is shared memory, because a thread inside a synchronous function reads no messages: a
 * flag for each request of the batch, 1 once its caller has gone, and before them `nativeFlag`.
 */
import type { BatchTensor, ModelDescription } from "../backends/backend.ts";
import type { ExecutionTimes } from "../core/instance.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { type ErrorCode, type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { Parameters } from "../protocol/infer.ts";

export interface ThreadStart {
  readonly name: string;
  readonly version: number;
  /** Where a function model is defined. */
  readonly module: string | undefined;
  readonly onnx: OnnxModel | undefined;
  readonly index: number;
  readonly device: "cpu" | `cuda:${number}`;
  readonly flags: SharedArrayBuffer;
}

/** Place of the flag that native code has been loaded: then the thread must not be terminated. */
export const nativeFlag = 0;

/** Place of a request's flag. */
export function abortFlag(requestIndex: number): number {
  return requestIndex + 1;
}

export interface RequestMessage {
  readonly id: string;
  readonly parameters: Parameters;
  readonly requestedOutputs: readonly string[];
  readonly rows: number;
}

export type ToInstance =
  | {
      readonly type: "execute";
      readonly inputs: readonly BatchTensor[];
      readonly rows: number;
      readonly requests: readonly RequestMessage[];
    }
  | { readonly type: "abort" }
  | { readonly type: "stop" };

export type FromInstance =
  | { readonly type: "loaded"; readonly description: ModelDescription | undefined }
  | {
      readonly type: "done";
      readonly times: ExecutionTimes;
      readonly outputs: readonly BatchTensor[];
      readonly copiedBytes: number;
    }
  | { readonly type: "failed"; readonly times: ExecutionTimes; readonly error: ErrorMessage }
  | {
      readonly type: "ended";
      readonly error: ErrorMessage | undefined;
      readonly isFinal: boolean;
    }
  | {
      readonly type: "log";
      readonly level: "info" | "warning" | "error";
      readonly message: string;
    };

/** An InferenceError on its way; of its cause only the text, for the log. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason: FailureReason;
  readonly cause: string | undefined;
}

export function toErrorMessage({ code, message, reason, cause }: InferenceError): ErrorMessage {
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : cause;
  return { code, message, reason, cause: text === undefined ? undefined : String(text) };
}

export function fromErrorMessage({ code, message, reason, cause }: ErrorMessage): InferenceError {
  if (cause === undefined) return new InferenceError(code, message, { reason });
  const [firstLine = ""] = cause.split("\n", 1);
  const error = new Error(firstLine);
  error.stack = cause;
  return new InferenceError(code, message, { reason, cause: error });
}

/** Moments of any thread on one scale: milliseconds since 1970, with fractions. */
export function toSharedTime(nowMs: number): number {
  return performance.timeOrigin + nowMs;
}

export function fromSharedTime(sharedMs: number): number {
  return sharedMs - performance.timeOrigin;
}
