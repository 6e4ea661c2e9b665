/** A sum of which clients may leave out the second part. */
import { int32, model, optional } from "shoal";

export default model("optional_input", {
  batching: false,
  inputs: { INPUT0: int32(1), INPUT1: optional(int32(1)) },
  outputs: { OUTPUT0: int32(1) },
  infer: ({ INPUT0, INPUT1 }) => ({ OUTPUT0: [INPUT0.data[0] + (INPUT1?.data[0] ?? 0)] }),
});
