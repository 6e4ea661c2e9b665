/**
 * Models that single requests can spoil. Threads import this file again.
 */
import { type ErrorCode, eachRequest, fp32, InferenceError, model } from "shoal";

export type Kind = "inline" | "thread";

/** Fails with this code where a number is negative, and tells which execution it is. */
export function spoiltBy(code: ErrorCode, kind: Kind, isolateFailures = true) {
  return model(`spoilt-${code}`, {
    module: import.meta.url,
    instances: { kind },
    maxBatchSize: 64,
    batching: { isolateFailures },
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1), execution: fp32(1) },
    setup: () => ({ executionCount: 0 }),
    infer: ({ x }, { state }) => {
      state.executionCount += 1;
      const y = x.clone();
      // What a model does to its inputs must not be seen when they are run again.
      x.data.fill(-1);
      const bad = y.data.find((value) => value < 0);
      if (bad !== undefined) throw new InferenceError(code, `${bad} is too cold`);
      return { y, execution: new Float32Array(x.rows).fill(state.executionCount) };
    },
  });
}

/** Fails by itself whom it does not like. */
export function choosy(kind: Kind) {
  return model("choosy", {
    module: import.meta.url,
    instances: { kind },
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    infer: async ({ x }, { requests, fail }) => {
      await Promise.resolve();
      for (const [index, { firstRow }] of requests.entries()) {
        const value = x.data[firstRow] ?? 0;
        if (value < 0) fail(index, new InferenceError("NOT_FOUND", `${value} is not here`));
      }
      return { y: x.map((value) => 2 * value) };
    },
  });
}

/** Is called for one request at a time: it counts, and where it fails, fails this request. */
export function counting(kind: Kind) {
  return model("counting", {
    module: import.meta.url,
    instances: { kind },
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    setup: () => ({ callCount: 0 }),
    infer: eachRequest(({ x }, { state }) => {
      state.callCount += 1;
      const [value = 0] = x.data;
      if (value === -1) throw new Error("the diary is shut");
      if (value < 0) throw new InferenceError("NOT_FOUND", `${value} is not here`);
      return { y: value === 0 ? [[0, 0]] : [[state.callCount]] };
    }),
  });
}

/** Threads look for them here. */
counting("thread");
spoiltBy("INVALID_ARGUMENT", "thread");
spoiltBy("UNAVAILABLE", "thread");
choosy("thread");
