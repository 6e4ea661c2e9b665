/**
 * Elements of an output on their way into JSON: with commas between them, some at a time.
 *
 * Not here: brackets around them, and how a response is laid out (infer-response-json.ts,
 * generate-response.ts).
 */
import { datatypes } from "./datatype.ts";
import { writeNumbers, writeStrings } from "./element-text.ts";
import { InferenceError } from "./errors.ts";
import { isJsonDatatype } from "./infer-request-document.ts";
import type { JsonNumericDatatype } from "./json-numeric-elements.ts";
import type { JsonWriter } from "./json-writer.ts";
import { Unpacker } from "./packed-bytes.ts";
import { joinBytes } from "./sliced-bytes.ts";
import type { WireTensor } from "./tensor.ts";

const elementsPerStep = 8192;

/** A guess: memory that is too small is copied into larger one. */
export function expectedJsonBytes(outputs: readonly WireTensor[]): number {
  let bytes = 1024;
  for (const { datatype, byteLength } of outputs) {
    // Numbers of four bytes take about twelve characters, texts few more than their bytes.
    if (byteLength > 64) bytes += datatype === "BYTES" ? 1.125 * byteLength : 3 * byteLength;
  }
  return Math.ceil(bytes);
}

/** Throws an InferenceError for a datatype that JSON cannot carry. */
export function elementsOf({ name, datatype, chunks, byteLength }: WireTensor): OutputElements {
  if (!isJsonDatatype(datatype)) {
    const why = `sending ${datatype} data via JSON is not supported.`;
    const remedy = `Please use the binary data format for output ${name}`;
    throw new InferenceError("INVALID_ARGUMENT", `${why} ${remedy}`);
  }
  const bytes = joinBytes(chunks, byteLength, 1);
  return datatype === "BYTES"
    ? new StringElements(name, bytes)
    : new NumberElements(datatype, bytes);
}

export interface OutputElements {
  /** Writes some of them. True when all are written. Throws an InferenceError for no UTF-8. */
  write(writer: JsonWriter): boolean;
}

class NumberElements implements OutputElements {
  readonly #datatype: JsonNumericDatatype;
  readonly #bytes: Uint8Array;
  readonly #count: number;
  #written = 0;

  constructor(datatype: JsonNumericDatatype, bytes: Uint8Array) {
    this.#datatype = datatype;
    this.#bytes = bytes;
    this.#count = bytes.byteLength / datatypes[datatype].byteSize;
  }

  write(writer: JsonWriter): boolean {
    const from = this.#written;
    const to = Math.min(this.#count, from + elementsPerStep);
    writeNumbers(writer, this.#datatype, this.#bytes, { from, to });
    this.#written = to;
    return to === this.#count;
  }
}

class StringElements implements OutputElements {
  readonly #name: string;
  readonly #elements: Unpacker;

  constructor(name: string, packed: Uint8Array) {
    this.#name = name;
    this.#elements = new Unpacker(packed);
  }

  write(writer: JsonWriter): boolean {
    try {
      return writeStrings(writer, this.#elements, elementsPerStep);
    } catch (error) {
      if (error instanceof InferenceError) throw error;
      const why = `output '${this.#name}' holds BYTES that are not UTF-8, which JSON cannot carry.`;
      const remedy = "Please use the binary data format for it";
      throw new InferenceError("INTERNAL", `${why} ${remedy}`, { cause: error });
    }
  }
}
