/**
 * Body of a request with binary tensors: JSON first, then the tensors' bytes, back to back.
 *
 *   | JSON, as many bytes as the header says | tensor | tensor | ...
 *
 * The body is a list of slices, as they came from the socket. Tensors are views of them; only the
 * JSON is joined, if it lies in several.
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

/** Takes bytes from the front of a body. */
export class BinaryBody {
  readonly #chunks: readonly Uint8Array[];
  #index = 0;
  #offset = 0;
  leftBytes: number;

  constructor(chunks: readonly Uint8Array[], byteLength: number) {
    this.#chunks = chunks;
    this.leftBytes = byteLength;
  }

  /** Views of the next bytes, none of them empty. With `count` at most `leftBytes`. */
  take(count: number): readonly Uint8Array[] {
    const taken: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      const chunk = this.#chunks[this.#index];
      if (chunk === undefined) break;
      const piece = chunk.subarray(this.#offset, this.#offset + missing);
      if (piece.byteLength > 0) taken.push(piece);
      missing -= piece.byteLength;
      this.#offset += piece.byteLength;
      if (this.#offset < chunk.byteLength) continue;
      this.#index += 1;
      this.#offset = 0;
    }
    this.leftBytes -= count;
    return taken;
  }

  /** The next bytes in one piece. */
  takeJoined(count: number): Uint8Array {
    const pieces = this.take(count);
    const [first] = pieces;
    if (first !== undefined && pieces.length === 1) return first;
    const joined = new Uint8Array(count);
    let offset = 0;
    for (const piece of pieces) {
      joined.set(piece, offset);
      offset += piece.byteLength;
    }
    return joined;
  }
}
