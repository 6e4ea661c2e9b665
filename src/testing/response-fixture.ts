/**
 * A response of model m, for tests of how responses are written.
 */
import { type InferResponse, noParameters } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";

export function responseOf(
  outputs: readonly WireTensor[],
  more: Partial<InferResponse> = {},
): InferResponse {
  return {
    modelName: "m",
    modelVersion: 1,
    id: "",
    parameters: noParameters,
    outputs,
    timing: { queueMs: 0, batchMs: 0, computeMs: 0, outputMs: 0 },
    ...more,
  };
}
