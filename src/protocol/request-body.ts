/**
 * Body of a request for inference as it was received, and what is to be known to read it.
 */
import type { Datatype } from "./datatype.ts";
import type { AskedVersion } from "./infer.ts";

export interface RequestBody {
  readonly modelName: string;
  readonly modelVersion: AskedVersion;
  /** Under which the log knows the request, unless the body names it. */
  readonly requestId: string;
  readonly chunks: readonly Uint8Array[];
  /** Sum over `chunks`. */
  readonly byteLength: number;
  /** Limit of the JSON, and of one input in it. */
  readonly maxInputBytes: number;
}

/** One that is read by what is known of its model. */
export interface ModelBody extends RequestBody {
  readonly model: ModelInputs;
}

export interface ModelInputs {
  readonly maxBatchSize: number;
  readonly inputs: readonly ModelInput[];
}

export interface ModelInput {
  readonly name: string;
  readonly datatype: Datatype;
  /** Without the batch dimension; -1 is any size. */
  readonly dims: readonly number[];
}
