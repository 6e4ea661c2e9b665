/**
 * Configuration of a model in a file that a definition names: its options, and what the file says.
 *
 * Not here: models of repositories (repository-config.ts).
 */
import { basename } from "node:path";
import type { ModelDescription } from "../backends/backend.ts";
import { describeOnnxModel } from "../backends/onnx-description.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { resolveModelConfig } from "../core/resolve-model-config.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";

export interface OnnxModelConfig {
  readonly config: ModelConfig;
  /** For the log; empty: there is none. */
  readonly remark: string;
}

/** Throws INVALID_ARGUMENT. */
export function onnxModelConfig(
  model: OnnxModel,
  description: ModelDescription,
  cores: number,
): OnnxModelConfig {
  const { inputs, outputs, options, remark } = describeOnnxModel(description, model);
  const config = resolveModelConfig({
    name: model.name,
    version: model.version,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    inputs,
    outputs,
    options,
    defaultKind: "thread",
    cores,
    defaultModelFilename: basename(model.path),
  });
  return { config, remark };
}
