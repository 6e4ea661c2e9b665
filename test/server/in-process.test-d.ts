/**
 * Types of `server.infer()`: what compiles, and what must not. Nothing here runs: the compiler is
 * the test, and `@ts-expect-error` fails where there is no error.
 */

import { createServer, fp32, int64, model, optional, type Tensor } from "shoal";
import { testServer } from "shoal/testing";
import { typeOf } from "../../dist/testing/type-of.js";

const linear = model("linear", {
  inputs: { x: fp32(-1), scale: optional(fp32(1)) },
  outputs: { y: fp32(-1), count: int64(1) },
  infer: ({ x }) => ({ y: x, count: [[1n]] }),
});

for (const server of [createServer(linear), await testServer(linear)]) {
  const { outputs, timing } = await server.infer({ model: linear, inputs: { x: [[1]] } });
  typeOf(outputs.y).is<Tensor<"FP32", "number">>();
  typeOf(outputs.count.data).is<BigInt64Array>();
  typeOf(timing.queueMs).is<number>();
  // @ts-expect-error: there is no such output
  outputs.z;

  await server.infer({ model: linear, inputs: { x: new Float32Array(3), scale: [[2]] } });
  // @ts-expect-error: x is missing
  await server.infer({ model: linear, inputs: { scale: [[2]] } });
  // @ts-expect-error: there is no such input
  await server.infer({ model: linear, inputs: { x: [[1]], z: [[1]] } });
  // @ts-expect-error: x takes numbers
  await server.infer({ model: linear, inputs: { x: [["one"]] } });
  // @ts-expect-error: x takes FP32
  await server.infer({ model: linear, inputs: { x: new Float64Array(3) } });
  // @ts-expect-error: there is no such option
  await server.infer({ model: linear, inputs: { x: [[1]] } }, { timeoutMs: 5 });

  // By its name, nothing is known of it.
  const named = await server.infer({ model: "linear", inputs: { x: [[1]], anything: "text" } });
  typeOf(named.outputs).is<Readonly<Record<string, Tensor>>>();
}
