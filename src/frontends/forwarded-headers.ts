/**
 * Forwarded headers: those whose names match a pattern become parameters of the request, as texts
 * under the name that was sent; a model gets them apart from its parameters as well.
 *
 * A name that means something to the protocol cannot be forwarded: whoever sends it is refused.
 */
import { InferenceError } from "../protocol/errors.ts";
import type { ForwardedHeaders, InferRequest, ParameterValue } from "../protocol/infer.ts";

const reserved = new Set([
  "sequence_id",
  "sequence_start",
  "sequence_end",
  "priority",
  "timeout",
  "headers",
  "binary_data_output",
]);

export type HeaderPairs = Iterable<readonly [name: string, value: string]>;

/** Those that match, under the names that were sent. Throws INVALID_ARGUMENT. */
function matching(headers: HeaderPairs, pattern: RegExp): readonly (readonly [string, string])[] {
  const matches = [...headers].filter(([name]) => pattern.test(name));
  for (const [name] of matches) {
    if (!reserved.has(name.toLowerCase()) && !name.toLowerCase().startsWith("triton_")) continue;
    const why = `Header '${name}' is reserved for Triton usage and cannot be forwarded.`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  return matches;
}

/** Names in lower case; of one that was sent twice, both values. Throws INVALID_ARGUMENT. */
export function forwardedHeaders(headers: HeaderPairs, pattern: RegExp): ForwardedHeaders {
  return toHeaders(matching(headers, pattern));
}

function toHeaders(pairs: readonly (readonly [string, string])[]): ForwardedHeaders {
  const headers: Record<string, string> = Object.create(null);
  for (const [sent, value] of pairs) {
    const name = sent.toLowerCase();
    const before = headers[name];
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return headers;
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
  const forwarded = matching(pairs, pattern);
  const parameters: Record<string, ParameterValue> = Object.create(null);
  for (const [name, value] of forwarded) parameters[name] = value;
  // What the caller wrote into the request itself counts.
  Object.assign(parameters, request.parameters);
  return { ...request, parameters, headers: toHeaders(forwarded) };
}
