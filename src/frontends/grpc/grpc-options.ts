/**
 * What the gRPC frontend is given.
 */
import type { ByteBudget } from "../../core/byte-budget.ts";
import type { Clock } from "../../core/clock.ts";
import type { InferenceService, ModelControl, ModelLister } from "../../core/inference-service.ts";
import type { Log } from "../../core/log.ts";
import type { Restrictions } from "../restrictions.ts";
import type { CompressionLevel } from "./message-compression.ts";

/** 0: none. */
export interface GrpcDelays {
  /** Of each message of ModelStreamInfer. */
  readonly streamedMessageMs: number;
  /** Of the answers of all calls but inference. */
  readonly answerMs: number;
}

export interface GrpcOptions {
  readonly service: InferenceService;
  readonly clock: Clock;
  readonly log: Log;
  /** A line for each request. */
  readonly logsRequests: boolean;
  /** Of a compressed message, once it is decompressed. */
  readonly maxInputBytes: number;
  /** For messages of which nothing has been handed to the core yet. */
  readonly receivedBytes: ByteBudget;
  /** Of the responses of inference. */
  readonly compression: CompressionLevel;
  /** Metadata whose keys it matches become parameters of requests; undefined: none. */
  readonly forwardPattern: RegExp | undefined;
  /** Longest time a client of a stream may take nothing. */
  readonly stallTimeoutMs: number;
  readonly hasReflection: boolean;
  /** Calls that are closed to whoever does not send a header. */
  readonly restrictions: Restrictions;
  /** Undefined: no client loads or unloads. */
  readonly control: ModelControl | undefined;
  /** For the repository index, if there are more than the service's models. */
  readonly models?: ModelLister;
  readonly keepaliveTimeMs: number;
  readonly keepaliveTimeoutMs: number;
  /** For tests; left out: none. */
  readonly delays?: GrpcDelays;
  /** 0: connections may live for ever. */
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionAgeGraceMs: number;
}
