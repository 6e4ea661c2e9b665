/**
 * Connection: the protocol's operations, whatever carries them.
 *
 * Over HTTP: http-connection.ts; over gRPC: grpc-connection.ts. Time-outs, retries and
 * the limit of requests in flight are around it (calls.ts), tensors as people write them above it
 * (model-client.ts).
 */

import type { Datatype } from "../protocol/datatype.ts";
import type { Parameters, RequestTiming } from "../protocol/infer.ts";

/** Whom a request is for; without a version the server decides. */
export interface ModelTarget {
  readonly name: string;
  readonly version: number | undefined;
}

/** A part of memory that server and client share, by its region's name: as parameters say it. */
export interface RegionPart {
  readonly shared_memory_region: string;
  /** Bytes; default 0. */
  readonly shared_memory_offset?: number;
  readonly shared_memory_byte_size: number;
}

export interface NamedTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** Whole, batch dimension included. */
  readonly shape: readonly number[];
  /** In the wire's layout, at any offset of their memory. */
  readonly bytes: Uint8Array;
}

export interface WireInput extends NamedTensor {
  readonly shared?: RegionPart;
}

export interface WireOutput {
  readonly name: string;
  /** The most likely classes, as `value:index:label`, in place of values. */
  readonly classes?: number;
  /** Where the server puts it, in place of the answer. */
  readonly shared?: RegionPart;
}

export interface SequencePlace {
  /** Not 0, not empty. */
  readonly id: bigint | number | string;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

export interface WireRequest extends ModelTarget {
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly WireInput[];
  /** Empty: all. */
  readonly outputs: readonly WireOutput[];
  /** 0: the model's default. */
  readonly priority: number;
  /** Queue time-out in milliseconds; 0: none. */
  readonly timeoutMs: number;
  readonly sequence: SequencePlace | undefined;
}

export interface WireAnswer {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly parameters: Parameters;
  readonly outputs: readonly NamedTensor[];
  /** Where the time went in the server, if it tells. */
  readonly timing: Partial<RequestTiming> | undefined;
}

export interface Sent {
  readonly signal: AbortSignal;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  /** Batch dimension included, if the model batches; -1 is free. */
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** The protocol's JSON: its fields are the server's. */
export type JsonObject = Readonly<Record<string, unknown>>;

export interface IndexEntry {
  readonly name: string;
  readonly version?: string;
  /** READY, UNAVAILABLE, LOADING, UNLOADING, UNKNOWN. */
  readonly state?: string;
  readonly reason?: string;
}

/**
 * What there is to ask and tell beside inference, by its route over HTTP: `*` is the name, of a
 * model with its version, or of a region of shared memory.
 */
export type Route =
  /** Answered with true or false. */
  | "/health/live"
  | "/health/ready"
  | "/models/*/ready"
  /** The server's metadata, and a model's. */
  | ""
  | "/models/*"
  | "/models/*/config"
  | "/models/stats"
  | "/models/*/stats"
  | "/repository/index"
  | "/repository/models/*/load"
  | "/repository/models/*/unload"
  /** As they are without a body, else changed by it. */
  | "/logging"
  | "/trace/setting"
  | "/models/*/trace/setting"
  | "/systemsharedmemory/status"
  | "/systemsharedmemory/region/*/register"
  | "/systemsharedmemory/region/*/unregister";

export interface Question {
  readonly route: Route;
  readonly name?: string;
  readonly version?: number | undefined;
  /** With one it is a POST. */
  readonly body?: JsonObject | undefined;
}

export function isHealth(route: Route): boolean {
  return /live|ready/.test(route);
}

export interface Connection {
  infer(request: WireRequest, sent: Sent): Promise<WireAnswer>;
  /** Ends the request when its iterator returns. */
  stream(request: WireRequest, sent: Sent): AsyncGenerator<WireAnswer, void, undefined>;
  ask(question: Question, sent: Sent): Promise<unknown>;
  close(): void;
}
