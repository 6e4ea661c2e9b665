/**
 * BYTES in the wire's layout: per element a length (uint32, little-endian), then that many bytes.
 *
 * The bytes come from a client, in slices that may cut an element, or even its length, anywhere.
 *
 * Not here: elements as texts or byte arrays (definition/packed-elements.ts).
 */
import { InferenceError } from "./errors.ts";
import { lengthOf, SlicedBytes } from "./sliced-bytes.ts";

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
  const bytes = new SlicedBytes(chunks, lengthOf(chunks));
  let count = 0;
  while (bytes.leftBytes > 0) {
    if (bytes.leftBytes < 4) return { kind: "length-cut", availableBytes: bytes.leftBytes };
    const expectedBytes = bytes.readUint32();
    count += 1;
    if (count > expectedCount) return { kind: "too-many", count };
    if (bytes.leftBytes < expectedBytes) {
      return { kind: "data-cut", expectedBytes, availableBytes: bytes.leftBytes };
    }
    bytes.skip(expectedBytes);
  }
  return count < expectedCount ? { kind: "too-few", count } : undefined;
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

/** Views of the elements. */
export function unpackBytes(packed: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  const unpacker = new Unpacker(packed);
  for (let element = unpacker.next(); element !== undefined; element = unpacker.next()) {
    elements.push(element);
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
