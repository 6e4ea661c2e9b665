/**
 * Element sink: where the elements of a tensor in JSON go, one after another.
 */
import type { InferenceError } from "./errors.ts";
import type { JsonReader } from "./json-reader.ts";

/** The bytes, or why there are none. */
export type ReadElements = Uint8Array | InferenceError;

export interface ElementSink {
  /** Taken so far. */
  readonly count: number;
  /**
   * Takes the element that comes next, and goes past it. If it does not fit, stays before it and
   * returns why. Throws a JsonSyntaxError.
   */
  take(reader: JsonReader): InferenceError | undefined;
  /**
   * Takes elements that need no care, each with the comma behind it, and at most so many. Returns
   * how many; the reader is before the next one.
   */
  takeRun(reader: JsonReader, limit: number): number;
  finish(): ReadElements;
}
