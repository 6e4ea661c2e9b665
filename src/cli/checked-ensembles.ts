/**
 * Ensembles beside the models that they name: do these exist, and do tensors fit?
 */
import {
  type EnsembleDeclaration,
  type EnsembleStepConfig,
  ensembleModelConfig,
} from "../core/ensemble-config.ts";
import { graphMistake } from "../core/ensemble-graph.ts";
import { planEnsemble } from "../core/ensemble-plan.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import type { CheckedModel } from "./checked-folder.ts";

export interface EnsembleMistake {
  readonly name: string;
  readonly message: string;
}

/** `names`: of all models of the repository; undefined: they are not known. */
export function findEnsembleMistakes(
  models: readonly CheckedModel[],
  names: readonly string[] | undefined,
): readonly EnsembleMistake[] {
  const served = new Map(models.map(({ name, config }) => [name, config]));
  const declared = models.flatMap((model): EnsembleDeclaration[] => {
    const { written, config } = model;
    return written === undefined ? [] : [declaration(written, config)];
  });
  for (const each of declared) served.set(each.name, ensembleModelConfig(each));
  return declared.flatMap((ensemble) => {
    return mistakesOf(ensemble, served, names).map((message) => ({ name: ensemble.name, message }));
  });
}

function mistakesOf(
  ensemble: EnsembleDeclaration,
  served: ReadonlyMap<string, ModelConfig>,
  names: readonly string[] | undefined,
): readonly string[] {
  const asked = [...new Set(ensemble.steps.map(({ modelName }) => modelName))];
  const absent = names === undefined ? [] : asked.filter((name) => !names.includes(name));
  if (absent.length > 0) {
    return absent.map(
      (name) => `ensemble '${ensemble.name}' names the model '${name}': there is none`,
    );
  }
  const models = ensemble.steps.flatMap(({ modelName }) => served.get(modelName) ?? []);
  // What is wrong with one of its models has been told there.
  if (models.length < ensemble.steps.length) {
    const mistake = graphMistake(ensemble);
    return mistake === undefined ? [] : [mistake];
  }
  try {
    planEnsemble(ensembleModelConfig(ensemble), models);
    return [];
  } catch (error) {
    if (error instanceof InferenceError) return [error.message];
    throw error;
  }
}

function declaration(written: WrittenConfig, config: ModelConfig): EnsembleDeclaration {
  const { step = [], max_inflight_requests: maxInflightRequests = 0 } =
    written.ensemble_scheduling ?? {};
  const { name, version, maxBatchSize, inputs, outputs } = config;
  const steps = step.map((each): EnsembleStepConfig => {
    const { model_name: modelName = "", model_version: asked = -1 } = each;
    return {
      modelName,
      modelVersion: Number(asked) < 1 ? undefined : Number(asked),
      inputMap: new Map(Object.entries(each.input_map ?? {})),
      outputMap: new Map(Object.entries(each.output_map ?? {})),
    };
  });
  return { name, version, maxBatchSize, inputs, outputs, steps, maxInflightRequests };
}
