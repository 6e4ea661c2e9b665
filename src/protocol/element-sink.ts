/**
 * Element sink: where the elements of a tensor in JSON go, one after another.
 */
import type { InferenceError } from "./errors.ts";
import type { JsonReader } from "./json-reader.ts";

/** The bytes, or why there are none. */
export type ReadElements = Uint8Array | InferenceError;

export interface ElementSink {
  /**
   * Takes the element that comes next, and goes past it. If it does not fit, stays before it and
   * returns why. Throws a JsonSyntaxError.
   */
  take(reader: JsonReader): InferenceError | undefined;
  finish(): ReadElements;
}
