/**
 * Messages between the main thread and the thread of an instance: all of them.
 *
 *   main thread                          instance (thread-main.ts)
 *   workerData: ThreadStart  ────────>   imports the model, runs its setup
 *                            <────────   loaded | ended
 *   execute                  ────────>   runs the batch; the buffer of its inputs is transferred
 *                            <────────   responses, if it streams
 *                            <────────   done | failed; buffers of outputs are transferred
 *   abort (flags are set)    ────────>
 *   credit (counts are set)  ────────>   only if the thread said that it waits for it
 *                            <────────   call: of another model, by a batch that runs
 *   callResult               ────────>   an answer to it; buffers are transferred both ways
 *                            <────────   cancelCall, creditCall
 *   stop                     ────────>   unloads, and ends
 *                            <────────   ended
 *
 * Batches that run at the same time are told apart by their slots, 0 to `concurrency` - 1.
 *
 * `flags` is shared memory, because a thread inside a synchronous function reads no messages: for
 * each request of each slot whether its caller has gone, and how many of its responses were taken;
 * before them the places below.
 */
import { inspect } from "node:util";
import type { LoadedModel, StreamedResponse } from "../backends/backend.ts";
import type { SiblingRequest } from "../backends/sibling-calls.ts";
import type { ExecutionTimes } from "../core/instance.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import type { MetricDeclaration, MetricUpdate } from "../protocol/custom-metric.ts";
import { type ErrorCode, type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { ForwardedHeaders, Parameters } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { instanceKey } from "./inside-instance.ts";
import type { ModuleFile } from "./module-file.ts";

export interface ThreadStart {
  readonly name: string;
  readonly version: number;
  /** Where a function model is defined. */
  readonly module: string | undefined;
  readonly onnx: OnnxModel | undefined;
  /** Of a model of a repository, instead of both. */
  readonly file?: ModuleFile;
  readonly index: number;
  readonly device: "cpu" | `cuda:${number}`;
  /** Requests in a batch at most. */
  readonly maxRequests: number;
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

/**
 * Place of the number of duties that the thread is done with: its load, batches, and the request
 * to stop. Who gave it more knows that it is busy, also where messages are not heard any more.
 */
export const settledCount = 1;

/** Place of 1 while the thread waits for credit: else it need not be told. */
export const waitingFlag = 2;

const firstSlot = 3;

/** So many are settled when the thread has nothing more to do. */
export const allSettled = 0x7fff_ffff;

/** Of the shared memory. */
export function flagBytes(slots: number, maxRequests: number): number {
  return 4 * (firstSlot + 2 * slots * maxRequests);
}

/** Places of one slot's flags: of request i `abort + 2 * i` and `credit + 2 * i`. */
export function slotFlags(slot: number, maxRequests: number): { abort: number; credit: number } {
  const abort = firstSlot + 2 * slot * maxRequests;
  return { abort, credit: abort + 1 };
}

export interface RequestMessage {
  readonly id: string;
  readonly parameters: Parameters;
  /** Left out: none. */
  readonly headers?: ForwardedHeaders | undefined;
  /** In shared time (see below); left out: none. */
  readonly deadlineMs?: number | undefined;
  readonly requestedOutputs: readonly string[];
  readonly rows: number;
}

export type ToInstance =
  | {
      readonly type: "execute";
      readonly slot: number;
      readonly inputs: readonly WireTensor[];
      readonly rows: number;
      readonly requests: readonly RequestMessage[];
      readonly isWarmup?: boolean;
    }
  | { readonly type: "abort" }
  | { readonly type: "credit" }
  | CallResult
  | { readonly type: "stop" };

/** Calls of other models are told apart by their numbers, which are the thread's. */
export type CallMessage =
  | {
      readonly type: "call";
      readonly call: number;
      /** Of the batch that makes it. */
      readonly slot: number;
      /** Its deadline is on the shared scale. */
      readonly request: SiblingRequest;
    }
  | { readonly type: "cancelCall"; readonly call: number }
  | { readonly type: "creditCall"; readonly call: number; readonly count: number };

export interface CallResult {
  readonly type: "callResult";
  readonly call: number;
  readonly answer:
    | { readonly outputs: readonly WireTensor[]; readonly isFinal: boolean }
    | { readonly error: ErrorMessage };
}

export type FromInstance =
  | CallMessage
  | { readonly type: "loaded"; readonly description: LoadedModel["description"] }
  | {
      /** Those of one turn of the thread's event loop, in order. */
      readonly type: "responses";
      readonly items: readonly ResponseItem[];
    }
  | {
      readonly type: "done";
      readonly slot: number;
      readonly times: ExecutionTimes;
      readonly outputs: readonly WireTensor[];
      readonly copiedBytes: number;
    }
  | {
      readonly type: "failed";
      readonly slot: number;
      readonly times: ExecutionTimes;
      readonly error: ErrorMessage;
    }
  | {
      readonly type: "ended";
      readonly error: ErrorMessage | undefined;
      readonly isFinal: boolean;
    }
  | { readonly type: "metric"; readonly declaration: MetricDeclaration }
  | { readonly type: "metrics"; readonly updates: readonly MetricUpdate[] }
  | {
      readonly type: "log";
      readonly level: "info" | "warning" | "error";
      readonly message: string;
      /** Of the batch that it is about, while that runs; and the index of a request of it. */
      readonly slot?: number;
      readonly request?: number | undefined;
    };

/** A response of a model that streams, or the failure of one request. */
export type ResponseItem = { readonly slot: number } & (
  | StreamedResponse
  | { readonly requestIndex: number; readonly error: ErrorMessage }
);

/** What is given away with outputs, each buffer once. */
export function buffersOf(outputs: readonly WireTensor[]): ArrayBuffer[] {
  const chunks = outputs.flatMap((output) => output.chunks);
  return [...new Set(chunks.map(({ buffer }) => buffer as ArrayBuffer))];
}

/** As it goes through the port, which is the user's as well: his code may post what it likes. */
export interface Envelope {
  readonly [instanceKey]: FromInstance;
}

/** Undefined: it is not ours. */
export function openEnvelope(posted: unknown): FromInstance | undefined {
  if (typeof posted !== "object" || posted === null) return undefined;
  return (posted as Partial<Envelope>)[instanceKey];
}

/** An InferenceError on its way. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason: FailureReason;
  readonly retryAfterS: number | undefined;
  /** What caused it, and what caused that: stacks, for the log. */
  readonly causes: readonly string[];
}

/** As many as the log shows; they may go in a circle. */
const mostCauses = 5;

export function toErrorMessage(error: InferenceError): ErrorMessage {
  const { code, message, reason, retryAfterS } = error;
  const causes: string[] = [];
  let { cause } = error;
  while (cause !== undefined && causes.length < mostCauses) {
    const { stack, message: text } = toError(cause);
    causes.push(stack ?? text);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return { code, message, reason, retryAfterS, causes };
}

export function fromErrorMessage(from: ErrorMessage): InferenceError {
  const { code, message, reason, retryAfterS, causes } = from;
  const cause = causes.reduceRight<Error | undefined>((of, stack) => errorOf(stack, of), undefined);
  return new InferenceError(code, message, {
    reason,
    ...(retryAfterS !== undefined && { retryAfterS }),
    ...(cause !== undefined && { cause }),
  });
}

/** With this stack, which begins with its message. */
function errorOf(stack: string, cause: Error | undefined): Error {
  const [firstLine = ""] = stack.split("\n", 1);
  const error = new Error(firstLine, cause === undefined ? {} : { cause });
  error.stack = stack;
  return error;
}

/** Anything can be thrown. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const error = new Error(inspect(thrown));
  error.stack = error.message; // Where it was thrown is not known.
  return error;
}

/** Start of this thread's `performance.now()` on the one clock that all threads have. */
const startMs = measureStart();

/** Both clocks are read until nothing came between: the first calls of a thread take long. */
function measureStart(): number {
  let bestMs = Number.POSITIVE_INFINITY;
  let measuredMs = 0;
  for (let tries = 0; tries < 100 && bestMs > 0.002; tries += 1) {
    const beforeMs = performance.now();
    const sharedMs = Number(process.hrtime.bigint()) / 1e6;
    const afterMs = performance.now();
    if (afterMs - beforeMs >= bestMs) continue;
    bestMs = afterMs - beforeMs;
    measuredMs = sharedMs - (beforeMs + afterMs) / 2;
  }
  return measuredMs;
}

/** Moments of any thread on one scale: milliseconds, with fractions. */
export function toSharedTime(nowMs: number): number {
  return startMs + nowMs;
}

export function fromSharedTime(sharedMs: number): number {
  return sharedMs - startMs;
}
