/**
 * Models that differ in whose memory they return. All take `x` and give `y`, FP32 of any width.
 */
import { type Model, model } from "../definition/model.ts";
import { fp32 } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";

const tensors = { module: import.meta.url, inputs: { x: fp32(-1) }, outputs: { y: fp32(-1) } };

type Name =
  | "map"
  | "zeros"
  | "returnsInput"
  | "ownArray"
  | "keepsData"
  | "keepsState"
  | "keepsClone"
  | "keepsInput";

export const copyModels: Readonly<Record<Name, Model>> = {
  /** Twice the input, in a tensor made for it. */
  map: model("map", { ...tensors, infer: ({ x }) => ({ y: x.map((value) => 2 * value) }) }),

  /** The same, by hand. */
  zeros: model("zeros", {
    ...tensors,
    infer: ({ x }) => {
      const y = Tensor.zeros("FP32", x.shape);
      for (const [index, value] of x.data.entries()) y.data[index] = 2 * value;
      return { y };
    },
  }),

  /** The input itself. */
  returnsInput: model("returns-input", { ...tensors, infer: ({ x }) => ({ y: x }) }),

  /** An array that nobody needs any more, which nobody can know. */
  ownArray: model("own-array", {
    ...tensors,
    infer: ({ x }) => ({ y: x.data.map((value) => 2 * value) }),
  }),

  /** How many elements are left of what it returned before, in the same array: it has kept that. */
  keepsData: model("keeps-data", {
    ...tensors,
    setup: (): { last: Float32Array } => ({ last: Float32Array.of(-1) }),
    infer: ({ x }, { state }) => {
      const y = Tensor.zeros("FP32", x.shape);
      y.data.fill(state.last.length);
      state.last = y.data;
      return { y };
    },
  }),

  /** The sum of all that ever came, in an array that it keeps. */
  keepsState: model("keeps-state", {
    ...tensors,
    setup: () => ({ sum: new Float32Array() }),
    infer: ({ x }, { state }) => {
      if (state.sum.length === 0) state.sum = new Float32Array(x.size);
      for (const [index, value] of x.data.entries()) {
        state.sum[index] = (state.sum[index] ?? 0) + value;
      }
      return { y: state.sum };
    },
  }),

  /** The input of the call before, of which it keeps a clone. */
  keepsClone: model("keeps-clone", {
    ...tensors,
    setup: (): { last: Tensor<"FP32"> | undefined } => ({ last: undefined }),
    infer: ({ x }, { state }) => {
      const y = state.last ?? x;
      state.last = x.clone();
      return { y };
    },
  }),

  /** As before, without the clone: an error, not somebody else's numbers. */
  keepsInput: model("keeps-input", {
    ...tensors,
    setup: (): { last: Tensor<"FP32"> | undefined } => ({ last: undefined }),
    infer: ({ x }, { state }) => {
      const { last = x } = state;
      state.last = x;
      return { y: last };
    },
  }),
};
