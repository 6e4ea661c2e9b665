/**
 * Nested arrays of elements, as people write small tensors: to flat storage with its shape, and
 * back. `[[1, 2, 3], [4, 5, 6]]` has the shape [2,3].
 *
 * Mistakes (ragged arrays, values that the datatype does not have) are TypeErrors that say where.
 */
import type { Datatype } from "../protocol/datatype.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import { type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
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
  const values = isNumeric(datatype) ? new typedArrays[datatype](elementCount(shape)) : [];
  let next = 0;
  const fill = (branch: unknown, depth: number): void => {
    const length = shape[depth];
    if (length !== (Array.isArray(branch) ? branch.length : undefined)) {
      throw ragged(shape, branch, depth);
    }
    if (length === undefined) {
      // The datatype decides whether this is a number, a bigint or a text; the list is its own.
      (values as unknown[])[next] = encodeElement(datatype, branch);
      next += 1;
      return;
    }
    for (let index = 0; index < length; index += 1) fill((branch as unknown[])[index], depth + 1);
  };
  fill(nested, 0);
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

/** Down the first branch; the others must agree. */
function shapeOf(nested: unknown): readonly number[] {
  const shape: number[] = [];
  for (let branch = nested; Array.isArray(branch); branch = branch[0]) {
    shape.push(branch.length);
    if (shape.length > maxDepth) throw new TypeError(`arrays are nested deeper than ${maxDepth}`);
  }
  return shape;
}

function ragged(shape: readonly number[], branch: unknown, depth: number): TypeError {
  const found = Array.isArray(branch) ? `${branch.length} elements` : "a single value";
  return new TypeError(`ragged arrays: ${found} at depth ${depth} of shape ${formatShape(shape)}`);
}
