/**
 * Configurations of models that are defined in code, as the core resolves them: of a function, and
 * of a model in a file, with what the file says.
 *
 * Not here: models of repositories (repository-config.ts).
 */
import { basename } from "node:path";
import type { ModelDescription } from "../backends/backend.ts";
import { describeOnnxModel } from "../backends/onnx-description.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { type ModelConfigInput, resolveModelConfig } from "../core/resolve-model-config.ts";
import type { Model } from "../definition/model.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { declarations } from "./tensor-declarations.ts";

/** Without a module it cannot leave this thread. */
export function functionConfigInput(
  model: Model,
  module: string | undefined,
  cores: number,
): ModelConfigInput {
  const { name, version, options, isDecoupled } = model;
  return {
    name,
    version,
    platform: "",
    backend: "function",
    inputs: declarations(model.inputs),
    outputs: declarations(model.outputs),
    options,
    defaultKind: module === undefined ? "inline" : "thread",
    cores,
    isDecoupled,
  };
}

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
