/**
 * Elements of a tensor as JSON text: flat, with commas between them, some at a time.
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
import type { Unpacker } from "./packed-bytes.ts";
import { bytesPerStep } from "./steps.ts";
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
  const size = typedArrays[datatype].BYTES_PER_ELEMENT;
  // Elements can be read at multiples of their size only; else those that are written are copied.
  const isAligned = bytes.byteOffset % size === 0;
  const elements = isAligned ? bytes : new Uint8Array(bytes.subarray(from * size, to * size));
  const first = isAligned ? 0 : from;
  const put = putterFor(datatype, elements);
  const target = writer.reserve((to - from) * (maxNumberLength + 1));
  let offset = writer.length;
  for (let index = from; index < to; index += 1) {
    if (index > 0) {
      target[offset] = comma;
      offset += 1;
    }
    offset = put(target, offset, index - first);
  }
  writer.length = offset;
}

/**
 * So many of the elements that come next, fewer if they are long, or all of them: then the result
 * is true. Throws a TypeError for what is not UTF-8.
 */
export function writeStrings(writer: JsonWriter, elements: Unpacker, count: number): boolean {
  const end = elements.count + count;
  const endLength = writer.length + bytesPerStep;
  while (elements.count < end && writer.length < endLength) {
    const isFirst = elements.count === 0;
    const element = elements.next();
    if (element === undefined) return true;
    if (!isFirst) writer.text(",");
    if (!writer.plainString(element)) writer.string(decoder.decode(element));
  }
  return false;
}

/** Writes one element; returns where it ends. */
type PutElement = (target: Uint8Array, offset: number, index: number) => number;

function putterFor(datatype: JsonNumericDatatype, bytes: Uint8Array): PutElement {
  const ArrayType = typedArrays[datatype];
  const { buffer, byteOffset } = bytes;
  const count = bytes.byteLength / ArrayType.BYTES_PER_ELEMENT;
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
