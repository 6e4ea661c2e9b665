/**
 * The benchmark models: their names, datatypes and meaning are a public contract, so that other
 * servers can be measured with the same ones (docs/benchmarks.md).
 *
 *   npm run bench:serve -- --http-port 8000 --metrics-port 8002
 */
import { setTimeout as sleep } from "node:timers/promises";
import { bytes, fp32, int32, model } from "shoal";

const inline = { count: 1, kind: "inline" };
const oneThread = { count: 1, kind: "thread" };

export const addSub = model("add_sub", {
  inputs: { INPUT0: int32(16), INPUT1: int32(16) },
  outputs: { OUTPUT0: int32(16), OUTPUT1: int32(16) },
  maxBatchSize: 32,
  instances: inline,
  infer: ({ INPUT0, INPUT1 }) => {
    const a = INPUT0.data;
    const b = INPUT1.data;
    return {
      OUTPUT0: a.map((value, i) => value + b[i]),
      OUTPUT1: a.map((value, i) => value - b[i]),
    };
  },
});

/** What a batch of so many rows costs, in milliseconds. */
const costMs = (rows) => 5 + 0.2 * rows;

const doubled = {
  inputs: { INPUT0: fp32(16) },
  outputs: { OUTPUT0: fp32(16) },
  maxBatchSize: 32,
  instances: oneThread,
  module: import.meta.url,
};

export const batchy = model("batchy", {
  ...doubled,
  infer: ({ INPUT0 }) => {
    const endMs = performance.now() + costMs(INPUT0.rows);
    while (performance.now() < endMs);
    return { OUTPUT0: INPUT0.map((value) => 2 * value) };
  },
});

const never = new Int32Array(new SharedArrayBuffer(4));

export const batchySleep = model("batchy_sleep", {
  ...doubled,
  infer: ({ INPUT0 }) => {
    Atomics.wait(never, 0, 0, costMs(INPUT0.rows));
    return { OUTPUT0: INPUT0.map((value) => 2 * value) };
  },
});

export const identity = model("identity", {
  inputs: { INPUT0: fp32(-1) },
  outputs: { OUTPUT0: fp32(-1) },
  maxBatchSize: 32,
  instances: inline,
  infer: ({ INPUT0 }) => ({ OUTPUT0: INPUT0 }),
});

/** COUNT tokens, GAP_US microseconds apart: the k-th is due at a moment of its own. */
export const stream = model("stream", {
  inputs: { COUNT: int32(1), GAP_US: int32(1) },
  outputs: { TOKEN: bytes(1) },
  batching: false,
  instances: inline,
  async *infer({ COUNT, GAP_US }, { signal }) {
    const [count] = COUNT.data;
    const gapMs = GAP_US.data[0] / 1000;
    const startMs = performance.now();
    for (let k = 0; k < count; k += 1) {
      const waitMs = startMs + k * gapMs - performance.now();
      if (waitMs > 0) await sleep(waitMs, undefined, { signal });
      yield { TOKEN: [`t${k}`] };
    }
  },
});
