/**
 * Models that call onnxruntime in their own function, and what they do with its tensors. Real
 * runs of an identity, inline or in threads that import this file again.
 */
import * as ort from "onnxruntime-node";
import { type Model, model } from "../definition/model.ts";
import { fromOrtTensor, toOrtTensor } from "../definition/ort-tensors.ts";
import { fp32 } from "../definition/specifications.ts";
import { identityGraph } from "./onnx-graphs.ts";

const module = import.meta.url;
const inputs = { x: fp32(2) };

async function openIdentity(): Promise<ort.InferenceSession> {
  return await ort.InferenceSession.create(identityGraph("FP32"), { logSeverityLevel: 4 });
}

async function run(session: ort.InferenceSession, x: ort.Tensor): Promise<ort.Tensor> {
  const { y } = await session.run({ x });
  if (y instanceof ort.Tensor) return y;
  throw new Error("the graph has an output y");
}

/** Tells how many elements are left of what it returned in the batch before; -1 in the first. */
export const returnsOutput: Model = model("returns-output", {
  module,
  inputs,
  outputs: { y: fp32(2), left: fp32(1) },
  setup: async () => ({ session: await openIdentity(), left: (): number => -1 }),
  infer: async ({ x }, { state, rows }) => {
    const left = state.left();
    const y = await run(state.session, toOrtTensor(x, ort));
    state.left = () => y.data.length;
    return { y: fromOrtTensor(y, "FP32"), left: Array.from({ length: rows }, () => [left]) };
  },
});

/** The output of one batch is added to in the next one: it stays the model's. */
export const keepsOutput: Model = model("keeps-output", {
  module,
  inputs,
  outputs: { y: fp32(2) },
  setup: async () => ({ session: await openIdentity(), sum: new Float32Array(0) as Float32Array }),
  infer: async ({ x }, { state }) => {
    const before = state.sum;
    const y = await run(state.session, toOrtTensor(x, ort));
    state.sum = y.data as Float32Array;
    for (const [index, value] of before.entries())
      state.sum[index] = value + (state.sum[index] ?? 0);
    return { y: fromOrtTensor(y, "FP32", { isShared: true }) };
  },
});

/** Without a run between: memory of its input comes back to it as onnxruntime's. */
export const returnsItsInput: Model = model("returns-its-input-through-onnxruntime", {
  module,
  inputs,
  outputs: { y: fp32(2), x: fp32(2) },
  infer: ({ x }) => ({ y: fromOrtTensor(toOrtTensor(x, ort), "FP32"), x }),
});
