/**
 * Optional inputs: a sum and a difference, where either of the two numbers may be left out.
 *
 * A batch never mixes requests that have an input with requests that have not: so `b` is there for
 * all of a batch, or for none.
 *
 *   node examples/add-sub.mjs
 *   curl -s http://localhost:8000/v2/models/add-sub/infer \
 *     -d '{"inputs":[{"name":"a","shape":[1,2],"datatype":"FP32","data":[3,4]}]}'
 */
import { fp32, model, optional, serve, Tensor } from "shoal";

const addSub = model("add-sub", {
  inputs: { a: fp32(2), b: optional(fp32(2)) },
  outputs: { sum: fp32(2), difference: fp32(2) },
  infer: ({ a, b = Tensor.zeros(fp32(2), a.shape) }) => ({
    sum: a.map((value, index) => value + b.data[index]),
    difference: a.map((value, index) => value - b.data[index]),
  }),
});

await serve(addSub);
