/**
 * Elements of a tensor as JSON text: flat, with commas between them.
 *
 * FP32 and FP64 use the tokens NaN, Infinity and -Infinity where JSON has no number. 64-bit
 * integers keep all their digits. BYTES must be UTF-8.
 */
import type { JsonDatatype } from "./json-elements.ts";
import {
  maxNumberLength,
  putFloat32,
  putFloat64,
  putInteger,
  putText,
} from "./json-number-text.ts";
import type { JsonWriter } from "./json-writer.ts";
import { unpackBytes } from "./packed-bytes.ts";
import type { Steps } from "./steps.ts";
import { typedArrays } from "./typed-arrays.ts";

const elementsPerStep = 8192;

const comma = 44;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type PutElement = (bytes: Uint8Array, offset: number, index: number) => number;

/** `bytes` in the wire's layout. Throws a TypeError for BYTES that are not UTF-8. */
export function* writeElements(
  writer: JsonWriter,
  datatype: JsonDatatype,
  bytes: Uint8Array,
): Steps<void> {
  if (datatype === "BYTES") yield* writeStrings(writer, unpackBytes(bytes));
  else yield* writeNumbers(writer, datatype, bytes);
}

function* writeNumbers(
  writer: JsonWriter,
  datatype: Exclude<JsonDatatype, "BYTES">,
  bytes: Uint8Array,
): Steps<void> {
  const { count, put } = putterFor(datatype, bytes);
  for (let from = 0; from < count; from += elementsPerStep) {
    if (from > 0) yield;
    const to = Math.min(count, from + elementsPerStep);
    writer.fill((to - from) * (maxNumberLength + 1), (target, at) => {
      let offset = at;
      for (let index = from; index < to; index += 1) {
        if (index > 0) {
          target[offset] = comma;
          offset += 1;
        }
        offset = put(target, offset, index);
      }
      return offset;
    });
  }
}

interface Putter {
  readonly count: number;
  readonly put: PutElement;
}

function putterFor(datatype: Exclude<JsonDatatype, "BYTES">, bytes: Uint8Array): Putter {
  const ArrayType = typedArrays[datatype];
  const size = ArrayType.BYTES_PER_ELEMENT;
  // Elements can be read at multiples of their size only.
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const count = bytes.byteLength / size;
  switch (datatype) {
    case "FP32": {
      const values = new Float32Array(buffer, byteOffset, count);
      const bits = new Uint32Array(buffer, byteOffset, count);
      return {
        count,
        put: (target, at, index) => putFloat32(target, at, values[index] ?? 0, bits[index] ?? 0),
      };
    }
    case "FP64": {
      const values = new Float64Array(buffer, byteOffset, count);
      return { count, put: (target, at, index) => putFloat64(target, at, values[index] ?? 0) };
    }
    case "BOOL":
      return {
        count,
        put: (target, at, index) => putText(target, at, bytes[index] === 0 ? "false" : "true"),
      };
    default: {
      const values = new ArrayType(buffer, byteOffset, count);
      return { count, put: (target, at, index) => putInteger(target, at, values[index] ?? 0) };
    }
  }
}

function* writeStrings(writer: JsonWriter, elements: readonly Uint8Array[]): Steps<void> {
  for (const [index, element] of elements.entries()) {
    if (index > 0) writer.text(",");
    writer.string(decoder.decode(element));
    if ((index + 1) % elementsPerStep === 0) yield;
  }
}
