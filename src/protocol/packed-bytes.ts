/**
 * BYTES in the wire's layout: per element a length (uint32, little-endian), then that many bytes.
 *
 * The bytes come from a client, in slices that may cut an element, or even its length, anywhere.
 *
 * Not here: elements as texts or byte arrays (definition/packed-elements.ts).
 */
import { InferenceError } from "./errors.ts";

export type PackedBytesFault =
  | { readonly kind: "length-cut"; readonly availableBytes: number }
  | { readonly kind: "data-cut"; readonly expectedBytes: number; readonly availableBytes: number }
  | { readonly kind: "too-many"; readonly count: number }
  | { readonly kind: "too-few"; readonly count: number };

/** Are these exactly so many elements? Undefined: yes. */
export function findPackedBytesFault(
  chunks: readonly Uint8Array[],
  expectedCount: number,
): PackedBytesFault | undefined {
  const scan = new PackedScan(expectedCount);
  for (const chunk of chunks) {
    if (!scan.takes(chunk)) return { kind: "too-many", count: scan.count };
  }
  const { count, size, sizeBytes, missing } = scan;
  if (sizeBytes > 0) return { kind: "length-cut", availableBytes: sizeBytes };
  if (missing > 0) {
    return { kind: "data-cut", expectedBytes: size, availableBytes: size - missing };
  }
  return count < expectedCount ? { kind: "too-few", count } : undefined;
}

/** Goes from length to length: there may be a million of them in one tensor. */
class PackedScan {
  count = 0;
  /** Of the latest element. */
  size = 0;
  /** Bytes of the next length that have come, if it is cut by the end of a slice. */
  sizeBytes = 0;
  /** Bytes of the latest element that are still to come. */
  missing = 0;
  readonly #mostCount: number;

  constructor(mostCount: number) {
    this.#mostCount = mostCount;
  }

  /** The next slice; false: there are too many elements. */
  takes(chunk: Uint8Array): boolean {
    const { byteLength } = chunk;
    const view = new DataView(chunk.buffer, chunk.byteOffset, byteLength);
    let offset = this.missing;
    while (offset < byteLength) {
      if (this.sizeBytes === 0 && offset + 4 <= byteLength) {
        this.size = view.getUint32(offset, true);
        offset += 4;
      } else {
        this.#takeByte(view.getUint8(offset));
        offset += 1;
        if (this.sizeBytes > 0) continue;
      }
      this.count += 1;
      if (this.count > this.#mostCount) return false;
      offset += this.size;
    }
    this.missing = offset - byteLength;
    return true;
  }

  #takeByte(byte: number): void {
    const before = this.sizeBytes === 0 ? 0 : this.size;
    this.size = (before | (byte << (8 * this.sizeBytes))) >>> 0;
    this.sizeBytes = (this.sizeBytes + 1) % 4;
  }
}

export function packBytes(elements: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let byteLength = 0;
  for (const element of elements) byteLength += 4 + element.byteLength;
  const packed = new Uint8Array(byteLength);
  const lengths = new DataView(packed.buffer);
  let offset = 0;
  for (const element of elements) {
    lengths.setUint32(offset, element.byteLength, true);
    packed.set(element, offset + 4);
    offset += 4 + element.byteLength;
  }
  return packed;
}

/** Views of the elements. Throws a RangeError for one that is cut off. */
export function unpackBytes(packed: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  const lengths = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  for (let start = 4; start - 4 < packed.byteLength; ) {
    const end = start + lengths.getUint32(start - 4, true);
    if (end > packed.byteLength)
      throw new RangeError(`BYTES element ${elements.length} is cut off`);
    elements.push(packed.subarray(start, end));
    start = end + 4;
  }
  return elements;
}

/** Views of the elements, one after another. */
export class Unpacker {
  /** How many there have been. */
  count = 0;
  readonly #packed: Uint8Array;
  readonly #lengths: DataView;
  #offset = 0;

  constructor(packed: Uint8Array) {
    this.#packed = packed;
    this.#lengths = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  }

  /** Undefined after the last. Throws INVALID_ARGUMENT for one that is cut off. */
  next(): Uint8Array | undefined {
    const { byteLength } = this.#packed;
    if (this.#offset === byteLength) return undefined;
    const start = this.#offset + 4;
    const end = start <= byteLength ? start + this.#lengths.getUint32(start - 4, true) : start;
    if (end > byteLength) {
      const why = `BYTES element ${this.count} ends after byte ${byteLength}, the last one`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    this.count += 1;
    this.#offset = end;
    return this.#packed.subarray(start, end);
  }
}
