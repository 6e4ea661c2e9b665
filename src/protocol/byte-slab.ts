/**
 * Byte slab: small pieces of memory, cut from larger ones.
 *
 * A piece of memory of its own costs far more than a view: it must be found, registered and given
 * back. So what is small is cut from a slab, and never used twice: it is zeros, and nobody else's,
 * though its ArrayBuffer is. Whoever transfers an ArrayBuffer must not take it from here.
 *
 * A slab lives as long as any of its pieces: keep small things for long, and you keep the slab.
 */
import { assert } from "../assert.ts";

const slabBytes = 64 * 1024;
const largestPiece = 4 * 1024;
/** Elements of every datatype can be read at it. */
const alignment = 8;

let slab = new ArrayBuffer(slabBytes);
let used = 0;

export function allocateBytes(byteLength: number): Uint8Array<ArrayBuffer> {
  assert(byteLength >= 0, "NaN would let all later pieces overlap");
  if (byteLength > largestPiece) return new Uint8Array(byteLength);
  if (used + byteLength > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    used = 0;
  }
  const piece = new Uint8Array(slab, used, byteLength);
  used += Math.ceil(byteLength / alignment) * alignment;
  return piece;
}
