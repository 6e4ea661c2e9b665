/**
 * The model `batchy_sleep`, whose batch fails if a number in it is negative; with isolation and
 * without. Threads import this file.
 */
import { fp32, InferenceError, model } from "shoal";

const never = new Int32Array(new SharedArrayBuffer(4));

function spoilt(name, isolateFailures) {
  return model(name, {
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    maxBatchSize: 32,
    batching: { isolateFailures },
    module: import.meta.url,
    infer: ({ x }) => {
      Atomics.wait(never, 0, 0, 5 + 0.2 * x.rows);
      if (x.data.some((value) => value < 0)) throw new InferenceError("INVALID_ARGUMENT", "bad");
      return { y: x };
    },
  });
}

export const isolating = spoilt("isolating", true);
export const whole = spoilt("whole", false);
