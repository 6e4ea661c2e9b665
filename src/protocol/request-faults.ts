/**
 * Faults of a request's JSON in the protocol's words. They are INTERNAL, hence 500 over HTTP:
 * clients match the texts, and retry rules look at the class.
 */
import { InferenceError } from "./errors.ts";
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

export function classificationUnsupported(): InferenceError {
  const why = "classification of outputs is not supported by this server";
  return new InferenceError("UNIMPLEMENTED", why);
}
