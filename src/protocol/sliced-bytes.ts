/**
 * Bytes that lie in several slices, as they came from a socket, read from the first to the last.
 *
 * What is taken are views; only what is asked for in one piece is joined, if it is not.
 */
import { allocateBytes } from "./byte-slab.ts";

export class SlicedBytes {
  readonly #chunks: readonly Uint8Array[];
  #index = 0;
  #offset = 0;
  leftBytes: number;

  constructor(chunks: readonly Uint8Array[], byteLength: number) {
    this.#chunks = chunks;
    this.leftBytes = byteLength;
    // Past slices that are empty: the place is always at a byte that is left, if there is one.
    this.skip(0);
  }

  /** Views of the next bytes, none of them empty. With `count` at most `leftBytes`. */
  take(count: number): readonly Uint8Array[] {
    const chunk = this.#chunks[this.#index];
    const end = this.#offset + count;
    // Most lie in one slice, and a list of one takes less than one that may grow.
    if (chunk !== undefined && count > 0 && end < chunk.byteLength) {
      const piece = chunk.subarray(this.#offset, end);
      this.#offset = end;
      this.leftBytes -= count;
      return [piece];
    }
    const taken: Uint8Array[] = [];
    this.#pass(count, taken);
    return taken;
  }

  /** The next bytes in one piece, wherever it lies. */
  takeJoined(count: number): Uint8Array {
    return joinBytes(this.take(count), count, 1);
  }

  skip(count: number): void {
    const end = this.#offset + count;
    if (end < (this.#chunks[this.#index]?.byteLength ?? 0)) {
      this.#offset = end;
      this.leftBytes -= count;
    } else this.#pass(count, undefined);
  }

  /** Little-endian. With four bytes left at least. */
  readUint32(): number {
    const chunk = this.#chunks[this.#index];
    const offset = this.#offset;
    let value = 0;
    if (chunk !== undefined && offset + 4 < chunk.byteLength) {
      for (let at = offset + 3; at >= offset; at -= 1) value = (value << 8) | (chunk[at] ?? 0);
      this.skip(4);
      return value >>> 0;
    }
    for (let shift = 0; shift < 32; shift += 8) {
      value |= (this.#chunks[this.#index]?.[this.#offset] ?? 0) << shift;
      this.skip(1);
    }
    return value >>> 0;
  }

  #pass(count: number, taken: Uint8Array[] | undefined): void {
    let missing = count;
    let chunk = this.#chunks[this.#index];
    while (chunk !== undefined) {
      const size = Math.min(missing, chunk.byteLength - this.#offset);
      const isWhole = size === chunk.byteLength;
      const piece = isWhole ? chunk : chunk.subarray(this.#offset, this.#offset + size);
      if (size > 0) taken?.push(piece);
      missing -= size;
      this.#offset += size;
      if (this.#offset < chunk.byteLength) break;
      this.#index += 1;
      this.#offset = 0;
      chunk = this.#chunks[this.#index];
    }
    this.leftBytes -= count;
  }
}

/** In one piece, at a multiple of `alignment` (at most 8): copied only if it is not there. */
export function joinBytes(
  chunks: readonly Uint8Array[],
  byteLength: number,
  alignment: number,
): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && isJoined(chunks, alignment)) return first;
  const whole = allocateBytes(byteLength);
  copyChunks(chunks, whole, 0);
  return whole;
}

export function isJoined(chunks: readonly Uint8Array[], alignment: number): boolean {
  return chunks.length === 1 && (chunks[0]?.byteOffset ?? 0) % alignment === 0;
}

/** One behind another. Returns where they end. */
export function copyChunks(chunks: readonly Uint8Array[], to: Uint8Array, offset: number): number {
  let end = offset;
  for (const chunk of chunks) {
    to.set(chunk, end);
    end += chunk.byteLength;
  }
  return end;
}

export function lengthOf(chunks: readonly Uint8Array[]): number {
  let byteLength = 0;
  for (const chunk of chunks) byteLength += chunk.byteLength;
  return byteLength;
}
