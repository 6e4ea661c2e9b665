/**
 * Several models in one server, two versions of one of them, and instances in threads. A request
 * that names no version gets the highest one.
 *
 *   node examples/several.mjs
 *   curl -s http://localhost:8000/v2/models/greeting/versions/1/infer \
 *     -d '{"inputs":[{"name":"name","shape":[1,1],"datatype":"BYTES","data":["Ann"]}]}'
 */
import { bytes, fp64, model, serve } from "shoal";

const greeting = { inputs: { name: bytes(1) }, outputs: { text: bytes(1) } };

const first = model("greeting", {
  ...greeting,
  version: 1,
  infer: ({ name }) => ({ text: name.map((who) => `Hello, ${who}.`) }),
});

const second = model("greeting", {
  ...greeting,
  version: 2,
  infer: ({ name }) => ({ text: name.map((who) => `Good to see you, ${who}!`) }),
});

/** Computes for long: so in threads, two batches at a time. */
const pi = model("pi", {
  inputs: { points: fp64(1) },
  outputs: { estimate: fp64(1) },
  module: import.meta.url,
  instances: 2,
  infer: ({ points }) => ({ estimate: points.map(estimate) }),
});

function estimate(points) {
  let inside = 0;
  for (let count = 0; count < points; count += 1) {
    if (Math.random() ** 2 + Math.random() ** 2 < 1) inside += 1;
  }
  return (4 * inside) / points;
}

await serve([first, second, pi]);
