/**
 * Reshaping: a model may see its tensors in other shapes than its clients do (`reshape`).
 *
 *   dims [-1, 28, 28], reshape [-1, 784]      a client's [rows, 5, 28, 28] is the model's [rows, 5, 784]
 *
 * The elements and their order stay; what is variable on one side stands, in the same order, for
 * what is variable on the other. The rows of a batch are no part of it.
 *
 * Not here: whether a configuration's two shapes fit (core/config/loading-mistakes.ts).
 */
import type { WireTensor } from "../protocol/tensor.ts";

export interface Reshaping {
  /** What the tensor has now, without rows; -1 is any size. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly isBatching: boolean;
}

/** Its shape is one that `from` allows. */
export function reshaped(tensor: WireTensor, { from, to, isBatching }: Reshaping): WireTensor {
  const rows = tensor.shape.slice(0, isBatching ? 1 : 0);
  const sizes = tensor.shape.slice(rows.length).filter((_, index) => from[index] === -1);
  const dims = to.map((size) => (size === -1 ? (sizes.shift() ?? size) : size));
  return { ...tensor, shape: [...rows, ...dims] };
}
