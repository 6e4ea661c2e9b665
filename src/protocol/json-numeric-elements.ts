/**
 * Numeric elements of a tensor in JSON: numbers and booleans into a typed array.
 *
 * A number with at most 15 digits goes straight from the scanner into the array, in runs where
 * one follows another. Everything else (longer integers, booleans, what does not fit) takes the
 * careful way, which also knows the protocol's texts.
 *
 * Never allocates more than the text could fill: an element takes at least two bytes of it.
 */
import { allocateBytes } from "./byte-slab.ts";
import type { ElementSink, ReadElements } from "./element-sink.ts";
import { InferenceError } from "./errors.ts";
import type { NumberScanner } from "./json-number.ts";
import type { JsonReader } from "./json-reader.ts";
import type { JsonScalar } from "./json-value.ts";
import { type NumericDatatype, typedArrays } from "./typed-arrays.ts";

export type JsonNumericDatatype = Exclude<NumericDatatype, "FP16" | "BF16">;

interface ElementKind {
  readonly kind: "float" | "boolean" | "integer" | "wide";
  /** Of integers, exact; and as numbers, which costs something to ask for. */
  readonly exactLeast: bigint;
  readonly exactMost: bigint;
  readonly least: number;
  readonly most: number;
}

const kinds: Readonly<Record<JsonNumericDatatype, ElementKind>> = {
  BOOL: kind("boolean", 0n, 0n),
  UINT8: kind("integer", 0n, 0xffn),
  UINT16: kind("integer", 0n, 0xffffn),
  UINT32: kind("integer", 0n, 0xffff_ffffn),
  UINT64: kind("wide", 0n, 2n ** 64n - 1n),
  INT8: kind("integer", -0x80n, 0x7fn),
  INT16: kind("integer", -0x8000n, 0x7fffn),
  INT32: kind("integer", -0x8000_0000n, 0x7fff_ffffn),
  INT64: kind("wide", -(2n ** 63n), 2n ** 63n - 1n),
  FP32: kind("float", 0n, 0n),
  FP64: kind("float", 0n, 0n),
};

function kind(name: ElementKind["kind"], exactLeast: bigint, exactMost: bigint): ElementKind {
  return { kind: name, exactLeast, exactMost, least: Number(exactLeast), most: Number(exactMost) };
}

const mostSigned = 2n ** 63n - 1n;

const comma = 44;
const space = 32;

/** All of them are exact in a double. */
const exactDigits = 15;

const noWords = new Uint32Array(0);

export interface NumericPlan {
  readonly name: string;
  readonly datatype: JsonNumericDatatype;
  readonly count: number;
}

export class NumericElements implements ElementSink {
  readonly #plan: NumericPlan;
  readonly #kind: ElementKind["kind"];
  readonly #bytes: Uint8Array;
  readonly #array: Float64Array;
  /** The halves of 64-bit integers, low ones first. */
  readonly #words: Uint32Array;
  readonly #least: number;
  readonly #most: number;
  #index = 0;

  constructor(plan: NumericPlan, { bytes, offset, numbers }: JsonReader) {
    const { datatype, count } = plan;
    const mostInText = (bytes.length - offset) >> 1;
    const ArrayType = typedArrays[datatype];
    const length = Math.min(count, mostInText);
    this.#bytes = allocateBytes(length * ArrayType.BYTES_PER_ELEMENT);
    const { buffer, byteOffset } = this.#bytes;
    numbers.isSingle = datatype === "FP32";
    this.#plan = plan;
    this.#kind = kinds[datatype].kind;
    // What is put in it decides `#kind`: a bigint only if it is wide.
    this.#array = new ArrayType(buffer, byteOffset, length) as Float64Array;
    this.#words = this.#kind === "wide" ? new Uint32Array(buffer, byteOffset, 2 * length) : noWords;
    this.#least = kinds[datatype].least;
    this.#most = kinds[datatype].most;
  }

  get count(): number {
    return this.#index;
  }

  take(reader: JsonReader): InferenceError | undefined {
    if (this.#index === this.#plan.count) return tooMany();
    const { numbers } = reader;
    reader.peek();
    numbers.offset = reader.offset;
    if (!numbers.scan() || !this.#put(numbers)) return this.#takeCarefully(reader);
    reader.offset = numbers.offset;
    this.#index += 1;
    return undefined;
  }

  takeRun(reader: JsonReader, limit: number): number {
    if (this.#kind !== "float" && this.#kind !== "integer") return 0;
    const { bytes, numbers } = reader;
    const first = this.#index;
    const end = Math.min(this.#plan.count, first + limit);
    let index = first;
    let { offset } = reader;
    while (index < end) {
      const next = numbers.scanPlain(offset);
      if (next < 0 || bytes[next] !== comma || !this.#fits(numbers)) break;
      this.#array[index] = numbers.value;
      index += 1;
      offset = bytes[next + 1] === space ? next + 2 : next + 1;
    }
    this.#index = index;
    reader.offset = offset;
    return index - first;
  }

  finish(): ReadElements {
    return this.#index < this.#plan.count ? tooFew() : this.#bytes;
  }

  #fits({ value, isInteger }: NumberScanner): boolean {
    if (this.#kind === "float") return true;
    return isInteger && value >= this.#least && value <= this.#most;
  }

  /** False if it needs care. */
  #put(numbers: NumberScanner): boolean {
    if (this.#kind === "boolean" || !this.#fits(numbers)) return false;
    if (this.#kind === "wide") {
      if (numbers.digitCount > exactDigits) return false;
      this.#putWide(numbers.value);
    } else this.#array[this.#index] = numbers.value;
    return true;
  }

  #putWide(value: number): void {
    this.#words[2 * this.#index] = value;
    this.#words[2 * this.#index + 1] = Math.floor(value / 2 ** 32);
  }

  #takeCarefully(reader: JsonReader): InferenceError | undefined {
    const start = reader.offset;
    const value = reader.isAtObject() ? undefined : reader.readScalar();
    const fault = this.#putScalar(value);
    if (fault === undefined) this.#index += 1;
    else reader.offset = start;
    return fault;
  }

  /** Undefined: an object. */
  #putScalar(value: JsonScalar | undefined): InferenceError | undefined {
    if (this.#kind === "float") return wrongType("non-number as double");
    if (this.#kind === "boolean") {
      const isBoolean = typeof value === "boolean" || value === 0 || value === 1;
      if (!isBoolean) return wrongType("non-boolean as boolean");
      this.#array[this.#index] = Number(value);
      return undefined;
    }
    return this.#putInteger(value);
  }

  #putInteger(value: JsonScalar | undefined): InferenceError | undefined {
    const { name, datatype } = this.#plan;
    const { exactLeast: least, exactMost: most } = kinds[datatype];
    const isInteger = typeof value === "number" || typeof value === "bigint";
    if (least === 0n && (!isInteger || value < 0)) {
      return wrongType("non-unsigned-integer as unsigned-integer");
    }
    if (!isInteger || (least < 0n && value > mostSigned)) {
      return wrongType("non-signed-integer as signed-integer");
    }
    const exact = BigInt(value);
    if (exact < least || exact > most) {
      const why = `value ${exact} of input '${name}' is out of range for ${datatype}`;
      return new InferenceError("INVALID_ARGUMENT", why);
    }
    this.#words[2 * this.#index] = Number(exact & 0xffff_ffffn);
    this.#words[2 * this.#index + 1] = Number((exact >> 32n) & 0xffff_ffffn);
    if (this.#kind === "integer") this.#array[this.#index] = Number(exact);
    return undefined;
  }
}

function wrongType(what: string): InferenceError {
  return new InferenceError("INTERNAL", `Unable to parse 'data': attempt to access JSON ${what}`);
}

export function tooMany(): InferenceError {
  const why = "Unable to parse 'data': Shape does not match true shape of 'data' field";
  return new InferenceError("INTERNAL", why);
}

function tooFew(): InferenceError {
  const why = "Failed to parse 'data' field: shape does not match true shape";
  return new InferenceError("INTERNAL", why);
}
