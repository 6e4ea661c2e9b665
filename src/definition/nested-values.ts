/**
 * Nested arrays of elements, as people write small tensors: to flat storage with its shape, and
 * back. `[[1, 2, 3], [4, 5, 6]]` has the shape [2,3].
 *
 * Mistakes (ragged arrays, values that the datatype does not have) are TypeErrors that say where.
 */
import type { Datatype } from "../protocol/datatype.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import { type NumericDatatype, type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
import { decodeElement, encodeElement, isNumeric } from "./element-arrays.ts";

export type Nested<Element> = Element | readonly Nested<Element>[];

export interface FlatValues {
  readonly shape: readonly number[];
  readonly values: TypedArray | readonly (string | Uint8Array)[];
}

/** More would overflow the stack of whoever walks it. */
const maxDepth = 32;

export function flattenNested(datatype: Datatype, nested: unknown): FlatValues {
  const shape = shapeOf(nested);
  const count = elementCount(shape);
  if (isNumeric(datatype)) {
    const values = new typedArrays[datatype](count);
    fill(nested, { shape, put: putNumbers(datatype, values as Float64Array), next: 0 });
    return { shape, values };
  }
  const values: (string | Uint8Array)[] = [];
  fill(nested, { shape, put: putTexts(values), next: 0 });
  return { shape, values };
}

export function toNested(
  datatype: Datatype,
  shape: readonly number[],
  stored: ArrayLike<unknown>,
): unknown {
  let next = 0;
  const build = (depth: number): unknown => {
    const length = shape[depth];
    if (length === undefined) {
      next += 1;
      return decodeElement(datatype, stored[next - 1]);
    }
    return Array.from({ length }, () => build(depth + 1));
  };
  return build(0);
}

/** Down the first branch; `fill` checks that the others agree. */
function shapeOf(nested: unknown): readonly number[] {
  const shape: number[] = [];
  for (let branch = nested; Array.isArray(branch); branch = branch[0]) {
    shape.push(branch.length);
    if (shape.length > maxDepth) throw new TypeError(`arrays are nested deeper than ${maxDepth}`);
  }
  return shape;
}

interface Filling {
  readonly shape: readonly number[];
  readonly put: (value: unknown, index: number) => void;
  next: number;
}

function fill(branch: unknown, filling: Filling, depth = 0): void {
  const length = filling.shape[depth];
  if (length === undefined) {
    if (Array.isArray(branch)) throw ragged(filling, `an array at depth ${depth}`);
    filling.put(branch, filling.next);
    filling.next += 1;
    return;
  }
  if (!Array.isArray(branch) || branch.length !== length) {
    const got = Array.isArray(branch) ? `${branch.length} elements` : "a single value";
    throw ragged(filling, `${got} at depth ${depth}`);
  }
  for (let index = 0; index < length; index += 1) fill(branch[index], filling, depth + 1);
}

function ragged({ shape }: Filling, found: string): TypeError {
  return new TypeError(
    `ragged arrays: shape ${formatShape(shape)} by the first ones, but ${found}`,
  );
}

function putNumbers(datatype: NumericDatatype, values: Float64Array): Filling["put"] {
  return (value, index) => {
    // The datatype decides whether this is a number or a bigint; the array is its own.
    values[index] = encodeElement(datatype, value) as number;
  };
}

function putTexts(values: (string | Uint8Array)[]): Filling["put"] {
  return (value) => {
    if (typeof value !== "string" && !(value instanceof Uint8Array)) {
      const got = value === null ? "null" : typeof value;
      throw new TypeError(`a ${got} is not a value of BYTES: a string or a Uint8Array is`);
    }
    values.push(value);
  };
}
