/**
 * Configurations of ensembles and of models of their steps, of which a test names only what matters
 * to it.
 */
import type { EnsembleStepConfig } from "../core/ensemble-config.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { TensorDeclaration } from "../protocol/model-options.ts";
import { modelConfig } from "./core-fixture.ts";
import { ensembleModelConfig } from "./ensemble-declaration.ts";

type Tensors = readonly (string | TensorDeclaration)[];

export interface EnsembleChanges {
  readonly name?: string;
  readonly version?: number;
  readonly maxBatchSize?: number;
  readonly dims?: readonly number[];
  readonly inputs?: Tensors;
  readonly outputs?: Tensors;
  readonly optional?: readonly string[];
  readonly steps?: readonly EnsembleStepConfig[];
  readonly maxInflightRequests?: number;
}

/** The ensemble "e", from X to Y. */
export function ensembleConfig(changes: EnsembleChanges): ModelConfig {
  const { name = "e", version = 1, maxBatchSize = 0, dims = [1], optional = [] } = changes;
  const { inputs = ["X"], outputs = ["Y"], steps = [], maxInflightRequests = 0 } = changes;
  return ensembleModelConfig({
    name,
    version,
    maxBatchSize,
    inputs: inputs.map((input) => declaration(input, dims, optional)),
    outputs: outputs.map((output) => declaration(output, dims, [])),
    steps,
    maxInflightRequests,
  });
}

export function stepConfig(
  modelName: string,
  inputs: Readonly<Record<string, string>>,
  outputs: Readonly<Record<string, string>>,
  modelVersion?: number,
): EnsembleStepConfig {
  const inputMap = new Map(Object.entries(inputs));
  return { modelName, modelVersion, inputMap, outputMap: new Map(Object.entries(outputs)) };
}

export interface StepModelChanges extends Omit<EnsembleChanges, "steps" | "maxInflightRequests"> {
  readonly isDecoupled?: boolean;
}

/** A model without batching, unless it says so, from x to y. */
export function stepModel(changes: StepModelChanges): ModelConfig {
  const { name = "m", version = 1, maxBatchSize = 0, dims = [1], optional = [] } = changes;
  const { inputs = ["x"], outputs = ["y"], isDecoupled = false } = changes;
  return modelConfig({
    name,
    version,
    isDecoupled,
    inputs: inputs.map((input) => declaration(input, dims, optional)),
    outputs: outputs.map((output) => declaration(output, dims, [])),
    options: maxBatchSize === 0 ? { batching: false } : { maxBatchSize },
  });
}

function declaration(
  tensor: string | TensorDeclaration,
  dims: readonly number[],
  optional: readonly string[],
): TensorDeclaration {
  if (typeof tensor !== "string") return tensor;
  const isOptional = optional.includes(tensor);
  return { name: tensor, datatype: "FP32", dims, isOptional };
}
