/**
 * Requests to the core and their answers, for tests that have models but no frontend.
 */
import type { InferenceCore } from "../core/inference-core.ts";
import type { InferResponse } from "../protocol/infer.ts";
import { wireTensor } from "../protocol/tensor.ts";
import { inferRequest } from "./core-fixture.ts";
import { fp32Values, type UnnamedTensor } from "./onnx-fixture.ts";

/** The one response. Rejects with the request's error. */
export function answerOf(
  core: InferenceCore,
  modelName: string,
  inputs: Readonly<Record<string, UnnamedTensor>>,
): Promise<InferResponse> {
  const tensors = Object.entries(inputs).map(([name, { datatype, shape, bytes }]) => {
    return wireTensor({ name, datatype, shape }, bytes);
  });
  return new Promise((resolve, reject) => {
    core.infer(
      inferRequest({ modelName, inputs: tensors }),
      { respond: resolve, fail: reject },
      { deadlineMs: Number.POSITIVE_INFINITY },
    );
  });
}

/** Name, shape and values of each; FP32. */
export function shownOutputs({ outputs }: InferResponse): readonly unknown[] {
  return outputs.map((output) => [output.name, output.shape, fp32Values(output)]);
}
