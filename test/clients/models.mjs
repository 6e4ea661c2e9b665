/**
 * Models for clients of other makers: an identity of each datatype, a sum, some that stream, some
 * that fail or take their time.
 */
import * as shoal from "shoal";

const datatypes = [
  "BOOL",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "FP16",
  "BF16",
  "FP32",
  "FP64",
  "BYTES",
];

const specs = {
  BOOL: shoal.bool,
  UINT8: shoal.uint8,
  UINT16: shoal.uint16,
  UINT32: shoal.uint32,
  UINT64: shoal.uint64,
  INT8: shoal.int8,
  INT16: shoal.int16,
  INT32: shoal.int32,
  INT64: shoal.int64,
  FP16: shoal.fp16,
  BF16: shoal.bf16,
  FP32: shoal.fp32,
  FP64: shoal.fp64,
  BYTES: shoal.bytes,
};

export const identities = datatypes.map((datatype) =>
  shoal.model(`identity_${datatype.toLowerCase()}`, {
    inputs: { INPUT0: specs[datatype](-1) },
    outputs: { OUTPUT0: specs[datatype](-1) },
    instances: { kind: "inline" },
    infer: ({ INPUT0 }) => ({ OUTPUT0: INPUT0 }),
  }),
);

export const addSub = shoal.model("add_sub", {
  inputs: { INPUT0: shoal.int32(16), INPUT1: shoal.int32(16) },
  outputs: { OUTPUT0: shoal.int32(16), OUTPUT1: shoal.int32(16) },
  instances: { kind: "inline" },
  infer: ({ INPUT0, INPUT1 }) => ({
    OUTPUT0: INPUT0.data.map((value, index) => value + INPUT1.data[index]),
    OUTPUT1: INPUT0.data.map((value, index) => value - INPUT1.data[index]),
  }),
});

export const fails = shoal.model("fails", {
  inputs: { INPUT0: shoal.fp32(1) },
  outputs: { OUTPUT0: shoal.fp32(1) },
  instances: { kind: "inline" },
  infer: () => {
    throw new shoal.InferenceError("INVALID_ARGUMENT", "never with this model");
  },
});

/** Answers when its batch is full or 20 ms are over, so that concurrent requests share one. */
export const patient = shoal.model("patient", {
  inputs: { INPUT0: shoal.fp32(1) },
  outputs: { ROWS: shoal.int32(1) },
  maxBatchSize: 8,
  batching: { maxQueueDelayMs: 20, preferredBatchSizes: [8] },
  instances: { kind: "inline" },
  infer: ({ INPUT0 }) => ({ ROWS: INPUT0.toNested().map(() => [INPUT0.rows]) }),
});

/** Streams 0, 1, ... n - 1, for each row of its batch. */
const counting = {
  inputs: { N: shoal.int32(1) },
  outputs: { K: shoal.int32(1) },
  instances: { kind: "inline" },
  async *infer({ N }, { signal }) {
    const count = Math.max(...N.data);
    for (let k = 0; k < count && !signal.aborted; k += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      yield { K: N.map(() => k) };
    }
  },
};

export const counts = shoal.model("counts", counting);
export const countsAlone = shoal.model("counts_alone", { ...counting, batching: false });

/** Three responses, then an error. */
export const failsMidway = shoal.model("fails_midway", {
  ...counting,
  async *infer({ N }) {
    for (let k = 0; k < 3; k += 1) yield { K: N.map(() => k) };
    await new Promise((resolve) => setImmediate(resolve));
    throw new shoal.InferenceError("UNAVAILABLE", "three were enough");
  },
});

/** Answers when its caller has gone: whoever calls it tests a time-out. */
export const waits = shoal.model("waits", {
  inputs: { INPUT0: shoal.fp32(1) },
  outputs: { OUTPUT0: shoal.fp32(1) },
  instances: { kind: "inline", concurrency: 100 },
  infer: async ({ INPUT0 }, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return { OUTPUT0: INPUT0.clone() };
  },
});
