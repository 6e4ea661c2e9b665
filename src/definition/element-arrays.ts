/**
 * Elements of numeric tensors: which typed array stores a datatype, and how one element gets into
 * it and out. Nothing is rounded or wrapped in silence but what a float does by its nature.
 *
 *   BOOL          Uint8Array of 0 and 1, elements are booleans
 *   FP16, BF16    Uint16Array of bits, elements are numbers
 *   INT64, UINT64 64-bit arrays of bigint; or Float64Array where elements are to be numbers,
 *                 which refuses what is beyond 2^53
 */
import type { Datatype } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { fromSmallFloatBits, toSmallFloatBits } from "./small-floats.ts";
import type { ElementForm } from "./specifications.ts";

export type NumericDatatype = Exclude<Datatype, "BYTES">;

/** The array that stores a datatype in the wire's layout. */
export interface StoredArrays {
  readonly BOOL: Uint8Array;
  readonly UINT8: Uint8Array;
  readonly UINT16: Uint16Array;
  readonly UINT32: Uint32Array;
  readonly UINT64: BigUint64Array;
  readonly INT8: Int8Array;
  readonly INT16: Int16Array;
  readonly INT32: Int32Array;
  readonly INT64: BigInt64Array;
  readonly FP16: Uint16Array;
  readonly BF16: Uint16Array;
  readonly FP32: Float32Array;
  readonly FP64: Float64Array;
}

export type StoredArray = StoredArrays[NumericDatatype];

type Shared64 = "INT64" | "UINT64";

/** What `Tensor.data` is. */
export type TensorData<D extends Datatype, As extends ElementForm> = D extends NumericDatatype
  ? D extends Shared64
    ? As extends "number"
      ? Float64Array
      : StoredArrays[D]
    : StoredArrays[D]
  : As extends "bytes"
    ? readonly Uint8Array[]
    : readonly string[];

interface StoredArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): StoredArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): StoredArray;
}

export const storedArrayTypes: Readonly<Record<NumericDatatype, StoredArrayType>> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  BF16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

export function isNumeric(datatype: Datatype): datatype is NumericDatatype {
  return datatype !== "BYTES";
}

/** Are 64-bit integers kept as numbers? */
export function isWideAsNumber(datatype: Datatype, as: ElementForm): boolean {
  return as === "number" && (datatype === "INT64" || datatype === "UINT64");
}

/** Of a stored value, as `map` and `toNested` show it. */
export function decodeElement(datatype: Datatype, stored: unknown): unknown {
  if (datatype === "BOOL") return stored !== 0;
  if (datatype === "FP16" || datatype === "BF16") {
    return fromSmallFloatBits(datatype, stored as number);
  }
  return stored;
}

interface IntegerRange {
  readonly least: number;
  readonly most: number;
}

const integerRanges: Readonly<Partial<Record<Datatype, IntegerRange>>> = {
  UINT8: { least: 0, most: 0xff },
  UINT16: { least: 0, most: 0xffff },
  UINT32: { least: 0, most: 0xffff_ffff },
  INT8: { least: -0x80, most: 0x7f },
  INT16: { least: -0x8000, most: 0x7fff },
  INT32: { least: -0x8000_0000, most: 0x7fff_ffff },
};

/** What the stored array takes; throws a TypeError for a value that the datatype does not have. */
export function encodeElement(datatype: NumericDatatype, value: unknown): number | bigint {
  switch (datatype) {
    case "FP32":
    case "FP64":
      if (typeof value === "number") return value;
      break;
    case "FP16":
    case "BF16":
      if (typeof value === "number") return toSmallFloatBits(datatype, value);
      break;
    case "BOOL":
      if (typeof value === "boolean") return value ? 1 : 0;
      if (value === 0 || value === 1) return value;
      break;
    case "INT64":
    case "UINT64":
      return encodeWide(datatype, value);
    default: {
      const range = integerRanges[datatype];
      if (range === undefined || !Number.isInteger(value)) break;
      const integer = value as number;
      if (integer >= range.least && integer <= range.most) return integer;
    }
  }
  throw notOf(datatype, value);
}

function encodeWide(datatype: Shared64, value: unknown): bigint {
  const wide = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof wide !== "bigint") {
    if (!Number.isInteger(value)) throw notOf(datatype, value);
    throw new TypeError(`${String(value)} is beyond 2^53, where numbers are not exact: use bigint`);
  }
  const isInRange = (datatype === "INT64" ? BigInt.asIntN : BigInt.asUintN)(64, wide) === wide;
  if (!isInRange) throw notOf(datatype, value);
  return wide;
}

function notOf(datatype: Datatype, value: unknown): TypeError {
  const isLong = typeof value === "string" || typeof value === "function";
  const got = isLong || typeof value === "object" ? `a ${typeof value}` : String(value);
  return new TypeError(`${value === null ? "null" : got} is not a value of ${datatype}`);
}

/** Throws INVALID_ARGUMENT for an element that a number cannot hold: it came from a client. */
export function wideToNumbers(wide: BigInt64Array | BigUint64Array): Float64Array {
  const numbers = new Float64Array(wide.length);
  for (let index = 0; index < wide.length; index += 1) {
    const value = wide[index] ?? 0n;
    const number = Number(value);
    if (!Number.isSafeInteger(number)) {
      const why = `element ${index} is ${value}: beyond 2^53, and the model reads numbers`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    numbers[index] = number;
  }
  return numbers;
}

export function numbersToWide(datatype: Shared64, numbers: ArrayLike<number>): StoredArray {
  const wide = new storedArrayTypes[datatype](numbers.length) as BigInt64Array;
  for (let index = 0; index < numbers.length; index += 1) {
    wide[index] = encodeWide(datatype, numbers[index]);
  }
  return wide;
}
