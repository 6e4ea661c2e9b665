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
 * flag for each request of the batch, 1 once its caller has gone, and before them `endingFlag`.
 */
import type { ModelDescription } from "../backends/backend.ts";
import type { ExecutionTimes } from "../core/instance.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { type ErrorCode, type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { Parameters } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";

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

/** Place of what is known about ending the thread from outside. */
export const endingFlag = 0;

/** Who changes it from `free` is first, and the other one sees it: so both never happen. */
export const endings = {
  /** No native code is loaded: the thread may be terminated, whatever it does. */
  free: 0,
  /** Native code may run: it must never be terminated. Set by the thread. */
  native: 1,
  /** It is being terminated, and must not enter native code any more. Set by the main thread. */
  terminated: 2,
} as const;

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
      readonly inputs: readonly WireTensor[];
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
      readonly outputs: readonly WireTensor[];
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
  readonly retryAfterS: number | undefined;
  readonly cause: string | undefined;
}

export function toErrorMessage(error: InferenceError): ErrorMessage {
  const { code, message, reason, retryAfterS, cause } = error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : cause;
  const causeText = text === undefined ? undefined : String(text);
  return { code, message, reason, retryAfterS, cause: causeText };
}

export function fromErrorMessage(from: ErrorMessage): InferenceError {
  const { code, message, reason, retryAfterS, cause } = from;
  return new InferenceError(code, message, {
    reason,
    ...(retryAfterS !== undefined && { retryAfterS }),
    ...(cause !== undefined && { cause: errorOf(cause) }),
  });
}

/** With this stack, which begins with its message. */
function errorOf(stack: string): Error {
  const [firstLine = ""] = stack.split("\n", 1);
  const error = new Error(firstLine);
  error.stack = stack;
  return error;
}

/** Moments of any thread on one scale: milliseconds since 1970, with fractions. */
export function toSharedTime(nowMs: number): number {
  return performance.timeOrigin + nowMs;
}

export function fromSharedTime(sharedMs: number): number {
  return sharedMs - performance.timeOrigin;
}
