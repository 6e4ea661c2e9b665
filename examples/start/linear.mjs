/** A function as a model: the smallest one there is. */
import { fp32, model } from "shoal";

export const linear = model("linear", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  maxBatchSize: 128,
  infer: ({ x }) => ({ y: x.map((value) => -value) }),
});
