/**
 * BYTES in the wire's layout: per element a length (uint32, little-endian), then that many bytes.
 *
 * The bytes come from a client, in slices that may cut an element, or even its length, anywhere.
 *
 * Not here: elements as texts (definition/packed-texts.ts).
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

const encoder = new TextEncoder();

/** Texts as UTF-8. */
export function packBytes(elements: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  let most = 0;
  for (const element of elements) {
    most += 4 + (typeof element === "string" ? 3 * element.length : element.byteLength);
  }
  const packed = new Uint8Array(most);
  const lengths = new DataView(packed.buffer);
  let end = 0;
  for (const element of elements) {
    const start = end + 4;
    if (typeof element === "string") {
      end = start + encoder.encodeInto(element, packed.subarray(start)).written;
    } else {
      packed.set(element, start);
      end = start + element.byteLength;
    }
    lengths.setUint32(start - 4, end - start, true);
  }
  return end === most ? packed : packed.slice(0, end);
}

/** Where each element begins, and last where the last one ends: beyond the bytes, if it is cut off. */
export function startsOfPacked(packed: Uint8Array): readonly number[] {
  const { byteLength } = packed;
  const lengths = new DataView(packed.buffer, packed.byteOffset, byteLength);
  const starts = [0];
  let start = 0;
  while (start + 4 <= byteLength) {
    start += 4 + lengths.getUint32(start, true);
    starts.push(start);
  }
  return starts;
}

/** Views of the elements. Throws a RangeError for one that is cut off. */
export function unpackBytes(packed: Uint8Array): Uint8Array[] {
  const starts = startsOfPacked(packed);
  if (starts.at(-1) !== packed.byteLength) {
    throw new RangeError("the last element of BYTES is cut off");
  }
  const elements: Uint8Array[] = [];
  for (let index = 1; index < starts.length; index += 1) {
    elements.push(packed.subarray((starts[index - 1] ?? 0) + 4, starts[index]));
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
