/**
 * Size of a tensor that a caller announces: elements and bytes must fit into 64-bit integers.
 */
import { type Datatype, datatypes } from "./datatype.ts";
import { InferenceError } from "./errors.ts";
import { elementCount } from "./shape.ts";

export interface AnnouncedTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** Without negative dimensions. */
  readonly shape: readonly number[];
}

const mostInt64 = 2n ** 63n - 1n;

/**
 * `exactShape` if `shape` cannot hold it exactly. Throws INVALID_ARGUMENT.
 */
export function checkTensorSize(
  { name, datatype, shape }: AnnouncedTensor,
  exactShape?: readonly bigint[],
): void {
  const { byteSize } = datatypes[datatype];
  const isExact = exactShape === undefined;
  if (isExact && elementCount(shape) * byteSize <= Number.MAX_SAFE_INTEGER) return;
  const exact = exactShape ?? shape.map(BigInt);
  const invalid = (why: string): InferenceError => new InferenceError("INVALID_ARGUMENT", why);
  const what = `invalid shape for input '${name}': shape [${exact.join(",")}]`;
  if (exact.some((dimension) => dimension > mostInt64)) {
    throw invalid(`${what} contains one or more invalid dimensions`);
  }
  const count = countUpToInt64(exact);
  if (count > mostInt64) {
    throw invalid(`${what} causes total element count to exceed maximum size of ${mostInt64}`);
  }
  if (count * BigInt(byteSize) > mostInt64) {
    const sum = `element count (${count}) * data type size (${byteSize})`;
    const why = `exceeds maximum allowed size (${mostInt64})`;
    throw invalid(`byte size overflow for input '${name}': ${sum} ${why}`);
  }
}

/** Beyond, it is not followed: a shape may have thousands of dimensions. */
export function countUpToInt64(dimensions: readonly bigint[]): bigint {
  if (dimensions.includes(0n)) return 0n;
  let count = 1n;
  for (const dimension of dimensions) {
    if (count <= mostInt64) count *= dimension;
  }
  return count;
}
