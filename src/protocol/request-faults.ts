/**
 * Faults of a request's JSON in the protocol's words. They are INTERNAL, hence 500 over HTTP:
 * clients match the texts, and retry rules look at the class.
 */
import type { Datatype } from "./datatype.ts";
import { InferenceError, requestPrefix } from "./errors.ts";
import type { JsonValue } from "./json-value.ts";

/** `what` is as in "non-string as string". */
export function wrongType(field: string, what: string): InferenceError {
  const why = `attempt to access JSON ${what}`;
  return new InferenceError("INTERNAL", `Unable to parse '${field}': ${why}`);
}

export function missingMember(field: string): InferenceError {
  const why = `attempt to access non-existing object member '${field}'`;
  return new InferenceError("INTERNAL", `Unable to parse '${field}': ${why}`);
}

/** Nobody can have registered one. */
export function unknownRegion(name: JsonValue | undefined): InferenceError {
  if (typeof name !== "string") return wrongType("shared_memory_region", "non-string as string");
  return new InferenceError("NOT_FOUND", `Unable to find shared memory region: '${name}'`);
}

/** Throws INVALID_ARGUMENT. */
export function checkJsonSize(byteLength: number, maxInputBytes: number): void {
  if (byteLength <= maxInputBytes) return;
  const size = `request JSON size of ${byteLength} bytes`;
  throw tooLarge(`${size} exceeds the maximum allowed input size of ${maxInputBytes} bytes`);
}

export function tooLarge(what: string): InferenceError {
  const remedy = "Use --http-max-input-size to increase the limit.";
  return new InferenceError("INVALID_ARGUMENT", `${what}. ${remedy}`);
}

export function alreadyExists(what: string, requestId: string): InferenceError {
  const why = `${requestPrefix(requestId)}${what} already exists in request`;
  return new InferenceError("INVALID_ARGUMENT", why);
}

export function noJsonData(input: string, datatype: Datatype): InferenceError {
  const why = `receiving ${datatype} data via JSON is not supported.`;
  const remedy = `Please use the binary data format for input ${input}`;
  return new InferenceError("INVALID_ARGUMENT", `${why} ${remedy}`);
}
