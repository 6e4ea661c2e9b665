/**
 * BYTES elements of a tensor in JSON: strings, as UTF-8, packed as on the wire.
 *
 * They are packed as they come: a view for each would be many times larger than a short string.
 */
import { allocateBytes } from "./byte-slab.ts";
import type { ElementSink } from "./element-sink.ts";
import { InferenceError } from "./errors.ts";
import type { JsonReader } from "./json-reader.ts";

const firstBytes = 256;

export class StringElements implements ElementSink {
  count = 0;
  #packed: Uint8Array = allocateBytes(firstBytes);
  #length = 0;

  take(reader: JsonReader): InferenceError | undefined {
    if (!reader.isAtString()) return noString();
    this.#put(reader.readStringBytes());
    this.count += 1;
    return undefined;
  }

  takeRun(): number {
    return 0;
  }

  finish(): Uint8Array {
    return this.#packed.subarray(0, this.#length);
  }

  #put(element: Uint8Array): void {
    const { byteLength } = element;
    const start = this.#length;
    const packed = this.#reserve(4 + byteLength);
    packed[start] = byteLength;
    packed[start + 1] = byteLength >>> 8;
    packed[start + 2] = byteLength >>> 16;
    packed[start + 3] = byteLength >>> 24;
    packed.set(element, start + 4);
    this.#length = start + 4 + byteLength;
  }

  #reserve(byteCount: number): Uint8Array {
    const needed = this.#length + byteCount;
    if (needed > this.#packed.length) {
      const larger = allocateBytes(Math.max(needed, 2 * this.#packed.length));
      larger.set(this.#packed);
      this.#packed = larger;
    }
    return this.#packed;
  }
}

export function noString(): InferenceError {
  const why = "Unable to parse JSON bytes array: attempt to access JSON non-string as string";
  return new InferenceError("INTERNAL", why);
}
