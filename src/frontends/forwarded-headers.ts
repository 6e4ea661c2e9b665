/**
 * Forwarded headers: those whose names match a pattern become parameters of the request, as texts
 * under the name that was sent.
 *
 * A name that means something to the protocol cannot be forwarded: whoever sends it is refused.
 */
import { InferenceError } from "../protocol/errors.ts";
import type { InferRequest, Parameters } from "../protocol/infer.ts";

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

/** `rawHeaders`: names and values, one behind the other. Throws INVALID_ARGUMENT. */
export function withHeaders(
  request: InferRequest,
  rawHeaders: readonly string[],
  pattern: RegExp,
): InferRequest {
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
  }
  const forwarded = forwardedParameters(pairs, pattern);
  // What the caller wrote into the request itself counts.
  const parameters = Object.assign(Object.create(null), forwarded, request.parameters);
  return { ...request, parameters: parameters as Parameters };
}
