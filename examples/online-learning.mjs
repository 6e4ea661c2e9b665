/**
 * Online learning: one model learns while another one answers, on the same weights.
 *
 * Both run inline, and so share the memory of this program. Batches of a model come one after
 * another: each step of the training sees the weights that the one before has left.
 *
 *   node examples/online-learning.mjs
 *   curl -s http://localhost:8000/v2/models/train/infer -d '{"inputs":[
 *     {"name":"x","shape":[2,2],"datatype":"FP64","data":[1,2,3,4]},
 *     {"name":"y","shape":[2,1],"datatype":"FP64","data":[5,11]}]}'
 */
import { fp64, model, serve } from "shoal";

const weights = new Float64Array(2);
const learningRate = 0.02;

const train = model("train", {
  inputs: { x: fp64(2), y: fp64(1) },
  outputs: { error: fp64(1) },
  // Whoever learns from an example must not learn from it twice.
  batching: { isolateFailures: false },
  infer: ({ x, y }) => {
    const error = new Float64Array(x.rows);
    for (let row = 0; row < x.rows; row += 1) {
      error[row] = y.data[row] - answer(x.row(row).data);
      for (const [index, value] of x.row(row).data.entries()) {
        weights[index] += learningRate * error[row] * value;
      }
    }
    return { error };
  },
});

const predict = model("predict", {
  inputs: { x: fp64(2) },
  outputs: { y: fp64(1) },
  infer: ({ x }) => ({
    y: Float64Array.from({ length: x.rows }, (_, row) => answer(x.row(row).data)),
  }),
});

function answer([first, second]) {
  return weights[0] * first + weights[1] * second;
}

await serve([train, predict]);
