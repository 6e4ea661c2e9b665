/**
 * A model in a thread, for log.test.ts: its stacks come from there.
 */
import { fp32, model } from "shoal";

export const threaded = model("threaded", {
  inputs: { x: fp32(1) },
  outputs: { x: fp32(1) },
  module: import.meta.url,
  infer: ({ x }) => {
    if (x.data[0] === 0) return { x };
    throw new Error("secret path /etc/model", { cause: new Error("the root of it") });
  },
});
