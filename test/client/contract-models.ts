/**
 * Models of the client's contract (contract.ts) as Shoal serves them. What another server would
 * need to serve the same is said with each.
 */
import { once } from "node:events";
import {
  bf16,
  bool,
  bytes,
  fp16,
  fp32,
  fp64,
  InferenceError,
  int8,
  int16,
  int32,
  int64,
  type Models,
  model,
  optional,
  uint8,
  uint16,
  uint32,
  uint64,
} from "shoal";

/** Requests of `slow` and streams of `endless`, and those of them that have been cancelled. */
let startedCount = 0;
let cancelledCount = 0;

async function untilCancelled(signal: AbortSignal): Promise<void> {
  startedCount += 1;
  if (!signal.aborted) await once(signal, "abort");
  cancelledCount += 1;
}

const x = { x: fp32(-1) };
const y = { y: fp32(-1) };

const everyDatatype = {
  BOOL: bool(2),
  UINT8: uint8(2),
  UINT16: uint16(2),
  UINT32: uint32(2),
  UINT64: uint64(2),
  INT8: int8(2),
  INT16: int16(2),
  INT32: int32(2),
  INT64: int64(2),
  FP32: fp32(2),
  FP64: fp64(2),
  BYTES: bytes(2),
};

const halves = { FP16: fp16(2), BF16: bf16(2) };

export const contractModels: Models = [
  /** Sum and difference. */
  model("add_sub", {
    inputs: { INPUT0: int32(16), INPUT1: int32(16) },
    outputs: { OUTPUT0: int32(16), OUTPUT1: int32(16) },
    maxBatchSize: 32,
    infer: ({ INPUT0, INPUT1 }) => ({
      OUTPUT0: INPUT0.data.map((value, index) => value + (INPUT1.data[index] ?? 0)),
      OUTPUT1: INPUT0.data.map((value, index) => value - (INPUT1.data[index] ?? 0)),
    }),
  }),

  /** Each text with "!" behind it. */
  model("strings", {
    inputs: { TEXT: bytes(-1) },
    outputs: { TEXT: bytes(-1) },
    maxBatchSize: 8,
    infer: ({ TEXT }) => ({ TEXT: TEXT.map((text) => `${text}!`) }),
  }),

  /** Outputs are the inputs; no batching. */
  model("types", {
    batching: false,
    inputs: everyDatatype,
    outputs: everyDatatype,
    infer: (inputs) => inputs,
  }),

  /** The same for floats of 16 bits, which have no form in JSON. */
  model("halves", {
    batching: false,
    inputs: halves,
    outputs: halves,
    infer: (inputs) => inputs,
  }),

  /** Twice the input, in batches of at most 4. */
  model("four", {
    inputs: x,
    outputs: y,
    maxBatchSize: 4,
    infer: (inputs) => ({ y: inputs.x.map((value) => 2 * value) }),
  }),

  /** The sum, where b is optional; no batching. */
  model("maybe", {
    batching: false,
    inputs: { a: fp32(1), b: optional(fp32(1)) },
    outputs: { sum: fp32(1) },
    infer: ({ a, b }) => ({ sum: [(a.data[0] ?? 0) + (b?.data[0] ?? 0)] }),
  }),

  /** Decoupled: 0 to COUNT - 1; no batching. */
  model("counting", {
    batching: false,
    inputs: { COUNT: int32(1) },
    outputs: { INDEX: int32(1) },
    *infer({ COUNT }) {
      for (let index = 0; index < (COUNT.data[0] ?? 0); index += 1) yield { INDEX: [index] };
    },
  }),

  /** Decoupled: two responses, then an error; no batching. */
  model("breaking", {
    batching: false,
    inputs: { COUNT: int32(1) },
    outputs: { INDEX: int32(1) },
    *infer() {
      yield { INDEX: [0] };
      yield { INDEX: [1] };
      throw new InferenceError("INVALID_ARGUMENT", "enough of it");
    },
  }),

  /** Decoupled: one response, and no other; no batching. */
  model("endless", {
    batching: false,
    inputs: { COUNT: int32(1) },
    outputs: { INDEX: int32(1) },
    async *infer(_inputs, { signal }) {
      yield { INDEX: [0] };
      await untilCancelled(signal);
    },
  }),

  /** Answers when it is cancelled; elsewhere after some seconds. */
  model("slow", {
    inputs: x,
    outputs: y,
    instances: { kind: "inline", concurrency: 8 },
    infer: async (inputs, { signal }) => {
      await untilCancelled(signal);
      return { y: inputs.x };
    },
  }),

  /** How many requests of `slow` and `endless` there have been, and were cancelled; no batching. */
  model("counts", {
    batching: false,
    inputs: { ignored: int32(1) },
    outputs: { started: int32(1), cancelled: int32(1) },
    infer: () => ({ started: [startedCount], cancelled: [cancelledCount] }),
  }),

  /** Refuses what is negative, and breaks with anything else. */
  model("failing", {
    batching: false,
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    infer: (inputs) => {
      if ((inputs.x.data[0] ?? 0) >= 0) throw new Error("secret: /etc/model");
      throw new InferenceError("INVALID_ARGUMENT", "x must not be negative");
    },
  }),

  /** The parameters of its request, as JSON; no batching. */
  model("parameters", {
    batching: false,
    inputs: { ignored: int32(1) },
    outputs: { JSON: bytes(1) },
    infer: (_inputs, { requests }) => ({
      JSON: [
        JSON.stringify(requests[0]?.parameters, (_name, value: unknown) => {
          return typeof value === "bigint" ? `${value}n` : value;
        }),
      ],
    }),
  }),

  model("versions", { version: 1, inputs: x, outputs: y, infer: () => ({ y: [[1]] }) }),
  model("versions", { version: 3, inputs: x, outputs: y, infer: () => ({ y: [[3]] }) }),
];
