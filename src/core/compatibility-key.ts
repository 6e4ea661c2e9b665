/**
 * Compatibility key: requests with equal keys may share a batch.
 *
 * Inputs with fixed dims are equal by validation, so a key holds only what may differ:
 *   - past the batch dimension, the shapes of inputs with a -1 in their dims;
 *   - which inputs are there, if any input of the model is optional.
 * A model without either has one key for all requests, and pays nothing for it.
 */
import type { InferRequest } from "../protocol/infer.ts";
import type { ModelConfig } from "./model-config.ts";

export type CompatibilityKey = string | number;

export type CompatibilityKeyOf = (request: InferRequest) => CompatibilityKey;

/** For validated requests of a model that batches. */
export function compatibilityKeyFor(config: ModelConfig): CompatibilityKeyOf {
  const hasOptional = config.inputs.some((input) => input.isOptional);
  const variable = config.inputs.filter((input) => input.dims.includes(-1));
  if (variable.length === 0 && !hasOptional) return () => 0;
  if (!hasOptional && config.inputs.length === 1 && variable[0]?.dims.length === 1) {
    return (request) => request.inputs[0]?.shape[1] ?? 0;
  }
  const relevant = config.inputs
    .filter((input) => input.isOptional || input.dims.includes(-1))
    .map((input) => ({ name: input.name, isVariable: input.dims.includes(-1) }));
  return (request) => {
    let key = "";
    for (const { name, isVariable } of relevant) {
      const tensor = request.inputs.find((input) => input.name === name);
      if (tensor === undefined) key += "-;";
      else if (isVariable) key += `${tensor.shape.slice(1).join()};`;
      else key += "+;";
    }
    return key;
  };
}
