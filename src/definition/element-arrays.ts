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
import {
  type NumericDatatype,
  type TypedArray,
  type TypedArrays,
  typedArrays,
} from "../protocol/typed-arrays.ts";
import type { HalfFloats } from "./half-floats.ts";
import { fromSmallFloatBits, toSmallFloatBits } from "./small-floats.ts";
import type { ElementForm } from "./specifications.ts";

/** As it is stored. */
export type StoredElement = number | bigint | string | Uint8Array;

type WideDatatype = "INT64" | "UINT64";

/** What `Tensor.data` is. */
export type TensorData<D extends Datatype, As extends ElementForm> = D extends NumericDatatype
  ? D extends WideDatatype
    ? As extends "number"
      ? Float64Array
      : TypedArrays[D]
    : TypedArrays[D]
  : As extends "bytes"
    ? readonly Uint8Array[]
    : readonly string[];

/** What is written instead of it. */
export type WrittenData<D extends Datatype, As extends ElementForm> =
  | TensorData<D, As>
  | (D extends "FP16" ? HalfFloats : never);

export function isNumeric(datatype: Datatype): datatype is NumericDatatype {
  return datatype !== "BYTES";
}

function isWide(datatype: Datatype): datatype is WideDatatype {
  return datatype === "INT64" || datatype === "UINT64";
}

/** Are 64-bit integers kept as numbers? */
export function isWideAsNumber(datatype: Datatype, as: ElementForm): datatype is WideDatatype {
  return as === "number" && isWide(datatype);
}

/** Of a stored value, as `map` and `toNested` show it. */
export function decodeElement(datatype: Datatype, stored: unknown): unknown {
  if (datatype === "BOOL") return stored !== 0;
  if (datatype === "FP16" || datatype === "BF16") {
    return fromSmallFloatBits(datatype, stored as number);
  }
  return stored;
}

/** What the storage takes; throws a TypeError for a value that the datatype does not have. */
export function encodeElement(datatype: Datatype, value: unknown): StoredElement {
  const encoded = tryEncode(datatype, value);
  if (encoded !== undefined) return encoded;
  const isLarge = Number.isInteger(value) && !Number.isSafeInteger(value);
  if (isWide(datatype) && isLarge) {
    throw new TypeError(`${String(value)} is beyond 2^53, where numbers are not exact: use bigint`);
  }
  const wanted = datatype === "BYTES" ? ": a string or a Uint8Array is" : "";
  throw new TypeError(`${describe(value)} is not a value of ${datatype}${wanted}`);
}

function tryEncode(datatype: Datatype, value: unknown): StoredElement | undefined {
  switch (datatype) {
    case "FP32":
    case "FP64":
      return typeof value === "number" ? value : undefined;
    case "FP16":
    case "BF16":
      return typeof value === "number" ? toSmallFloatBits(datatype, value) : undefined;
    case "BOOL":
      return typeof value === "boolean" || value === 0 || value === 1 ? Number(value) : undefined;
    case "BYTES":
      return typeof value === "string" || value instanceof Uint8Array ? value : undefined;
    default:
      return stored(datatype, isWide(datatype) ? toWide(value) : value);
  }
}

function toWide(value: unknown): unknown {
  return Number.isSafeInteger(value) ? BigInt(value as number) : value;
}

interface Probe {
  0: unknown;
}

/** One element of each, to see what becomes of a value: the same one, if it is an integer of it. */
const probes = new Map<Datatype, Probe>();

function stored(datatype: NumericDatatype, value: unknown): number | bigint | undefined {
  const probe = probes.get(datatype) ?? (new typedArrays[datatype](1) as object as Probe);
  probes.set(datatype, probe);
  // Of another type than its elements: that would throw.
  if (typeof value !== typeof probe[0]) return undefined;
  probe[0] = value;
  return probe[0] === value ? (value as number) : undefined;
}

/** Short, and without what a long one holds. */
function describe(value: unknown): string {
  if (typeof value === "object" && value !== null) return "an object";
  const isLong = typeof value === "string" || typeof value === "function";
  return isLong ? `a ${typeof value}` : String(value);
}

/** Of aligned bytes. Throws a TypeError for an element that a number cannot hold. */
export function wideToNumbers(
  datatype: WideDatatype,
  { buffer, byteOffset, byteLength }: Uint8Array,
): Float64Array {
  const wide = new typedArrays[datatype](buffer, byteOffset, byteLength / 8);
  const numbers = new Float64Array(wide.length);
  for (let index = 0; index < wide.length; index += 1) {
    const value = wide[index] ?? 0n;
    const number = Number(value);
    if (!Number.isSafeInteger(number)) {
      throw new TypeError(`element ${index} is ${value}: beyond 2^53`);
    }
    numbers[index] = number;
  }
  return numbers;
}

export function numbersToWide(datatype: WideDatatype, numbers: ArrayLike<number>): TypedArray {
  const wide = new typedArrays[datatype](numbers.length) as BigInt64Array;
  for (let index = 0; index < numbers.length; index += 1) {
    wide[index] = encodeElement(datatype, numbers[index]) as bigint;
  }
  return wide;
}
