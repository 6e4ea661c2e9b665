/**
 * A model that remembers: the mean of all that a caller has sent so far. The caller is named by a
 * parameter; what is remembered is bounded, and those that were not heard of for longest go first.
 *
 * One instance, inline: there is one memory. With several each would have its own.
 *
 *   node examples/stateful.mjs
 *   curl -s http://localhost:8000/v2/models/mean/infer \
 *     -d '{"parameters":{"caller":"ann"},"inputs":[{"name":"x","shape":[1,1],"datatype":"FP64","data":[4]}]}'
 */
import { fp64, InferenceError, model, serve } from "shoal";

const mostCallers = 1000;

const mean = model("mean", {
  inputs: { x: fp64(1) },
  outputs: { mean: fp64(1) },
  setup: () => ({ seen: new Map() }),
  // A value that was counted must not be counted again.
  batching: { isolateFailures: false },
  infer: ({ x }, { requests, state: { seen }, fail }) => {
    const means = x.clone();
    for (const [index, { parameters, firstRow, rows }] of requests.entries()) {
      const { caller } = parameters;
      if (typeof caller !== "string") {
        fail(index, new InferenceError("INVALID_ARGUMENT", "parameter 'caller' must be a name"));
        continue;
      }
      let { count, sum } = seen.get(caller) ?? { count: 0, sum: 0 };
      for (let row = firstRow; row < firstRow + rows; row += 1) {
        count += 1;
        sum += x.data[row];
        means.data[row] = sum / count;
      }
      seen.delete(caller);
      seen.set(caller, { count, sum });
      if (seen.size > mostCallers) seen.delete(seen.keys().next().value);
    }
    return { mean: means };
  },
});

await serve(mean);
