/**
 * Options of a client, and of single calls: types, and what is checked at run time. A field that
 * nobody knows is a misspelling, not ignored.
 */
import type { Parameters } from "../protocol/infer.ts";
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
  /** Of a sequence: its last request. */
  readonly isLast?: boolean;
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
  readonly compression?: Compression;
  /** Default 128. */
  readonly maxInFlight?: number;
  /** Calls that wait for one of these; more are refused. Default 10,000. */
  readonly maxWaiting?: number;
  /** An answer, or a response of a stream. Default 1 GiB. */
  readonly maxResponseBytes?: number;
}

/** What `typeof` must say. */
const limitKinds = {
  requestTimeoutMs: "number",
  totalTimeoutMs: "number",
  maxRetries: "number",
  headers: "object",
} as const;

const callKinds = { ...limitKinds, signal: "object" } as const;

const inferKinds = {
  ...callKinds,
  outputs: "object",
  id: "string",
  parameters: "object",
  priority: "number",
  timeoutMs: "number",
  isLast: "boolean",
} as const;

export const clientKinds: Kinds = {
  ...limitKinds,
  connectTimeoutMs: "number",
  token: "string, function",
  format: "string",
  compression: "object",
  maxInFlight: "number",
  maxWaiting: "number",
  maxResponseBytes: "number",
};

/** Of each option; a number is none below 0. */
export type Kinds = Readonly<Record<string, string>>;

/** Throws a ClientError that names the first mistake. */
export function checkOptions(what: string, options: object, kinds: Kinds): void {
  for (const [name, value] of Object.entries(options)) {
    const kind = kinds[name];
    if (kind === undefined) {
      const known = Object.keys(kinds).join(", ");
      throw invalid(`${what}: there is no option '${name}' (there are ${known})`);
    }
    const isRight = value !== null && kind.includes(typeof value);
    if (value !== undefined && !(isRight && (value >= 0 || kind !== "number"))) {
      throw invalid(`${what}: option '${name}' must be ${kind}; got ${String(value)}`);
    }
  }
}

export function checkCall(what: string, options: CallOptions): void {
  checkOptions(what, options, callKinds);
}

export function checkInfer(what: string, options: InferOptions): void {
  checkOptions(what, options, inferKinds);
}
