/**
 * Shapes: lists of dimensions, outermost first. -1 stands for "any" in a specification only.
 */

/** Elements of a tensor of this shape; 1 for a scalar. Above 2^53 the result is Infinity. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) count *= dimension;
  if (count <= Number.MAX_SAFE_INTEGER) return count;
  // A product may have overflowed before a dimension of 0 came: that makes it NaN.
  return shape.includes(0) ? 0 : Number.POSITIVE_INFINITY;
}

/** The same without a limit, for texts. */
export function exactElementCount(shape: readonly number[]): bigint {
  return shape.reduce((count, dimension) => count * BigInt(dimension), 1n);
}

/** As Triton prints shapes: `[-1,16]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

export function isShape(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isSize);
}

export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
