/**
 * The smallest server: one function, served on http://localhost:8000.
 *
 *   node examples/linear.mjs
 */
import { fp32, model, serve } from "shoal";

const linear = model("linear", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  maxBatchSize: 128,
  infer: ({ x }) => ({ y: x.map((value) => -value) }), // x: the whole batch, shape [rows, n]
});

await serve(linear); // HTTP on 8000, gRPC on 8001, metrics on 8002
