/**
 * Typed arrays: which one holds the elements of a datatype in the wire's layout.
 *
 * The wire is little-endian, and so is every machine that Node runs on but a few; there the views
 * made here would be wrong.
 */
import type { Datatype } from "./datatype.ts";

export type NumericDatatype = Exclude<Datatype, "BYTES">;

/** BOOL has one byte per element, 0 or 1; FP16 and BF16 are kept as their bits. */
export interface TypedArrays {
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

export type TypedArray = TypedArrays[NumericDatatype];

interface TypedArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray;
}

export const typedArrays: Readonly<Record<NumericDatatype, TypedArrayType>> = {
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
