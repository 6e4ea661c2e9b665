/**
 * Options of a client, and of single calls: types, and what is checked at run time. A field that
 * nobody knows is a misspelling, not ignored.
 */
import type { Parameters } from "../protocol/infer.ts";
import {
  type Check,
  duration,
  eachOf,
  expecting,
  fieldsOf,
  isFields,
  oneOf,
  optionally,
  positiveInteger,
} from "../protocol/option-checks.ts";
import { invalid } from "./client-error.ts";
import type { RegionPart } from "./connection.ts";
import type { Compression } from "./http-connection.ts";
import type { TensorFormat } from "./infer-body.ts";

/** Limits and headers of a call; what is left out is the client's. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds for one attempt; of a stream: from response to response. Default 60,000. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds for all of it: waiting, attempts, pauses. Default 180,000; of a stream: none. */
  readonly totalTimeoutMs?: number;
  /** Tries after the first, of what the server has not run. Default 2. */
  readonly maxRetries?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface InferOptions extends CallOptions {
  /** Default: all, as tensors. */
  readonly outputs?: readonly (string | OutputRequest)[];
  readonly id?: string;
  readonly parameters?: Parameters;
  /** 1 is first; default: the model's default level. */
  readonly priority?: number;
  /** Milliseconds that it may wait in the server's queue, if the model lets its callers decide. */
  readonly timeoutMs?: number;
}

export interface OutputRequest {
  readonly name: string;
  /** So many of the most likely classes, as texts `value:index:label`. */
  readonly classes?: number;
  /** Where in shared memory the server puts it. */
  readonly shared?: RegionPart;
}

export interface ClientOptions extends Omit<CallOptions, "signal"> {
  /** Of one connection, in milliseconds; in browsers theirs counts. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Sent as `Authorization: Bearer`. A function is asked before each attempt. */
  readonly token?: string | (() => string | Promise<string>);
  /** `json` for servers without the binary extension. Default `binary`. */
  readonly format?: TensorFormat;
  /** Both ways, of inference. Default none. */
  readonly compression?: Partial<Compression>;
  /** Default 128. */
  readonly maxInFlight?: number;
  /** Calls that wait for one of these; more are refused. Default 10,000. */
  readonly maxWaiting?: number;
  /** An answer, or a response of a stream. Default 1 GiB. */
  readonly maxResponseBytes?: number;
}

type ChecksOf<Fields> = { readonly [Name in keyof Required<Fields>]: Check };

const text = expecting("a text", (value) => typeof value === "string");
const count = expecting(
  "an integer from 0",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
const limit: Check = expecting(
  "a number of milliseconds above 0, or Infinity",
  (value) => typeof value === "number" && value > 0,
);

const callChecks: ChecksOf<CallOptions> = {
  signal: optionally(expecting("an AbortSignal", (value) => value instanceof AbortSignal)),
  requestTimeoutMs: optionally(limit),
  totalTimeoutMs: optionally(limit),
  maxRetries: optionally(count),
  headers: optionally(expecting("an object of texts", isTexts)),
};

const { signal: _signal, ...limitChecks } = callChecks;

const region = fieldsOf({ region: text, offset: optionally(count), byteSize: positiveInteger });

const output: Check = (value, field) => {
  if (typeof value === "string") return [];
  const checks = { name: text, classes: optionally(positiveInteger), shared: optionally(region) };
  return fieldsOf(checks, "a name, or an object with one")(value, field);
};

const inferChecks: ChecksOf<InferOptions> = {
  ...callChecks,
  outputs: optionally(eachOf(output, "a list of outputs")),
  id: optionally(text),
  parameters: optionally(expecting("an object of texts, numbers and booleans", isParameters)),
  priority: optionally(count),
  timeoutMs: optionally(duration),
};

const compressions = oneOf(["none", "gzip", "deflate"]);

export const clientChecks: ChecksOf<ClientOptions> = {
  ...limitChecks,
  connectTimeoutMs: optionally(limit),
  token: optionally(
    expecting("a text or a function", (value) => /string|function/.test(typeof value)),
  ),
  format: optionally(oneOf(["binary", "json"])),
  compression: optionally(
    fieldsOf({ request: optionally(compressions), response: optionally(compressions) }),
  ),
  maxInFlight: optionally(positiveInteger),
  maxWaiting: optionally(count),
  maxResponseBytes: optionally(positiveInteger),
};

export const checkCall: Checking = checking(callChecks);
export const checkInfer: Checking = checking(inferChecks);

/** Throws a ClientError with all mistakes. */
type Checking = (call: string, options: unknown) => void;

function checking(checks: Readonly<Record<string, Check>>): Checking {
  const check = fieldsOf(checks);
  return (call, options) => {
    const mistakes = check(options, "");
    if (mistakes.length > 0) throw invalid(`${call}: ${mistakes.join("; ")}`);
  };
}

function isTexts(value: unknown): boolean {
  return isFields(value) && Object.values(value).every((each) => typeof each === "string");
}

function isParameters(value: unknown): boolean {
  const scalars = ["string", "boolean", "number", "bigint"];
  return isFields(value) && Object.values(value).every((each) => scalars.includes(typeof each));
}
