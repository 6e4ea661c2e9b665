/**
 * Forwarded headers: those whose names match a pattern become parameters of the request, as texts
 * under the name that was sent.
 *
 * A name that means something to the protocol cannot be forwarded: whoever sends it is refused.
 */
import { InferenceError } from "../protocol/errors.ts";
import type { Parameters } from "../protocol/infer.ts";

const reserved = new Set([
  "sequence_id",
  "sequence_start",
  "sequence_end",
  "priority",
  "timeout",
  "headers",
  "binary_data_output",
]);

/** Throws INVALID_ARGUMENT. */
export function forwardedParameters(
  headers: Iterable<readonly [name: string, value: string]>,
  pattern: RegExp,
): Parameters {
  const parameters: Record<string, string> = Object.create(null);
  for (const [name, value] of headers) {
    if (!pattern.test(name)) continue;
    if (reserved.has(name.toLowerCase()) || name.toLowerCase().startsWith("triton_")) {
      const why = `Header '${name}' is reserved for Triton usage and cannot be forwarded.`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    parameters[name] = value;
  }
  return parameters;
}
