/**
 * Values as people write them, in the wire's layout: nested arrays, which have a shape, and flat
 * typed arrays, which get the one that is expected if that has one free dimension at most.
 *
 * Nothing is cast: what does not fit is a TypeError that says what was expected and what came.
 */
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { formatShape } from "../protocol/shape.ts";
import { type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
import { isNumeric, isWideAsNumber, numbersToWide } from "./element-arrays.ts";
import { isHalfFloats } from "./half-floats.ts";
import { flattenNested } from "./nested-values.ts";
import type { ElementForm } from "./specifications.ts";

export interface ExpectedTensor {
  readonly datatype: Datatype;
  readonly as: ElementForm;
  /** Whole, batch dimension included; -1 is free. */
  readonly dims: readonly number[];
}

export interface WrittenValues {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  /** False: the memory is that of the array that was given. */
  readonly isOwn: boolean;
}

export function writtenValues(expected: ExpectedTensor, value: unknown): WrittenValues {
  if (ArrayBuffer.isView(value)) return fromTypedArray(expected, value as TypedArray);
  if (Array.isArray(value)) return fromNested(expected, value);
  throw mismatch(
    "a tensor, a typed array or nested arrays",
    value === null ? "null" : typeof value,
  );
}

function fromTypedArray(expected: ExpectedTensor, array: TypedArray): WrittenValues {
  const { datatype, as } = expected;
  const got = `a ${array.constructor.name}`;
  if (!isNumeric(datatype)) throw mismatch("nested arrays of texts or bytes", got);
  if (isWideAsNumber(datatype, as) && array instanceof Float64Array) {
    const shape = shapeOf(expected, array.length);
    return { shape, bytes: bytesOf(numbersToWide(datatype, array)), isOwn: true };
  }
  const isHalf = datatype === "FP16" && isHalfFloats(array);
  const Typed = typedArrays[datatype];
  if (!(array instanceof Typed || isHalf)) throw mismatch(`a ${Typed.name}`, got);
  return { shape: shapeOf(expected, array.length), bytes: bytesOf(array), isOwn: false };
}

function fromNested(expected: ExpectedTensor, nested: readonly unknown[]): WrittenValues {
  const { shape, values } = flattenNested(expected.datatype, nested);
  const bytes = ArrayBuffer.isView(values) ? bytesOf(values) : packBytes(values);
  const isFlat = shape.length === 1 && expected.dims.length > 1;
  return { shape: isFlat ? shapeOf(expected, values.length) : shape, bytes, isOwn: true };
}

/** Of so many elements without a shape of their own. */
function shapeOf({ dims }: ExpectedTensor, count: number): readonly number[] {
  const freeCount = dims.filter((dimension) => dimension === -1).length;
  if (freeCount > 1) {
    const why = `a tensor or nested arrays, as ${formatShape(dims)} has ${freeCount} free dimensions`;
    throw mismatch(why, "a flat array");
  }
  const fixed = dims.reduce((size, dimension) => (dimension === -1 ? size : size * dimension), 1);
  const free = fixed === 0 ? 0 : count / fixed;
  if (!Number.isInteger(free) || (freeCount === 0 && count !== fixed)) {
    throw mismatch(`elements of shape ${formatShape(dims)}`, `${count} elements`);
  }
  return dims.map((dimension) => (dimension === -1 ? free : dimension));
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function mismatch(expected: string, got: string): TypeError {
  return new TypeError(`must be ${expected}; got ${got}`);
}
