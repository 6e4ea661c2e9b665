/**
 * Metadata that the server tells about itself and its models, in the protocol's own words.
 *
 * Key order is the order of the JSON on the wire: frontends print these objects as they are.
 */
import type { Datatype } from "./datatype.ts";

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  /** With a leading -1 if the model batches. */
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  /** READY versions, ascending. */
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}
