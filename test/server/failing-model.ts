/**
 * The module of the threaded model of log.test.ts.
 */
import { fp32, model } from "shoal";

export const threaded = model("threaded", {
  inputs: { x: fp32(1) },
  outputs: { x: fp32(1) },
  infer: ({ x }) => {
    if (x.data[0] === 0) return { x };
    throw new Error("secret path /etc/model", { cause: new Error("the root of it") });
  },
});
