/**
 * Elements of a tensor as JSON text: flat, with commas between them, from any index to any other.
 *
 * FP32 and FP64 use the tokens NaN, Infinity and -Infinity where JSON has no number. 64-bit
 * integers keep all their digits. BYTES must be UTF-8.
 */

import {
  maxNumberLength,
  putFloat32,
  putFloat64,
  putInteger,
  putText,
} from "./json-number-text.ts";
import type { JsonNumericDatatype } from "./json-numeric-elements.ts";
import type { JsonWriter } from "./json-writer.ts";
import { typedArrays } from "./typed-arrays.ts";

const comma = 44;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Which elements: from the first index to before the second. */
export interface ElementRange {
  readonly from: number;
  readonly to: number;
}

/** `bytes` in the wire's layout. */
export function writeNumbers(
  writer: JsonWriter,
  datatype: JsonNumericDatatype,
  bytes: Uint8Array,
  { from, to }: ElementRange,
): void {
  const put = putterFor(datatype, bytes);
  const target = writer.reserve((to - from) * (maxNumberLength + 1));
  let offset = writer.length;
  for (let index = from; index < to; index += 1) {
    if (index > 0) {
      target[offset] = comma;
      offset += 1;
    }
    offset = put(target, offset, index);
  }
  writer.length = offset;
}

/** Throws a TypeError for what is not UTF-8. */
export function writeStrings(
  writer: JsonWriter,
  elements: readonly Uint8Array[],
  { from, to }: ElementRange,
): void {
  for (let index = from; index < to; index += 1) {
    if (index > 0) writer.text(",");
    writer.string(decoder.decode(elements[index]));
  }
}

/** Writes one element; returns where it ends. */
type PutElement = (target: Uint8Array, offset: number, index: number) => number;

function putterFor(datatype: JsonNumericDatatype, bytes: Uint8Array): PutElement {
  const ArrayType = typedArrays[datatype];
  const size = ArrayType.BYTES_PER_ELEMENT;
  // Elements can be read at multiples of their size only.
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const count = bytes.byteLength / size;
  switch (datatype) {
    case "FP32": {
      const values = new Float32Array(buffer, byteOffset, count);
      const bits = new Uint32Array(buffer, byteOffset, count);
      return (target, offset, index) => {
        return putFloat32(target, offset, values[index] ?? 0, bits[index] ?? 0);
      };
    }
    case "FP64": {
      const values = new Float64Array(buffer, byteOffset, count);
      return (target, offset, index) => putFloat64(target, offset, values[index] ?? 0);
    }
    case "BOOL":
      return (target, offset, index) => {
        return putText(target, offset, bytes[index] === 0 ? "false" : "true");
      };
    default: {
      const values = new ArrayType(buffer, byteOffset, count);
      return (target, offset, index) => putInteger(target, offset, values[index] ?? 0);
    }
  }
}
