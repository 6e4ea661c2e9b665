/**
 * Body of a request with binary tensors: JSON first, then the tensors' bytes, back to back.
 *
 *   | JSON, as many bytes as the header says | tensor | tensor | ...
 *
 * Here is where the JSON ends. Not here: taking a body apart (sliced-bytes.ts).
 */
import { InferenceError } from "./errors.ts";

const leastInt32 = -(2 ** 31);
const mostInt32 = 2 ** 31 - 1;

/** Of `Inference-Header-Content-Length`. Throws INVALID_ARGUMENT in the protocol's words. */
export function parseHeaderLength(text: string, bodyBytes: number): number {
  const what = "Unable to parse Inference-Header-Content-Length";
  if (!/^\s*[+-]?\d+\s*$/.test(text)) {
    throw new InferenceError("INVALID_ARGUMENT", `${what}, got: ${text}`);
  }
  const length = Number(text);
  if (length < leastInt32 || length > mostInt32) {
    const range = `[ ${leastInt32}, ${mostInt32} ]`;
    const why = `${what}, value is out of range ${range}, got: ${text}`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  if (length < 0 || length > bodyBytes) {
    const why = `inference header size should be in range (0, ${bodyBytes}), got: ${text}`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  return length;
}
