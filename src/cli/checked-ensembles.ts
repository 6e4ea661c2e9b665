/**
 * Ensembles beside the models that they name: do these exist, and do tensors fit?
 */
import { type EnsembleGraph, graphMistake } from "../core/ensemble-graph.ts";
import { planEnsemble } from "../core/ensemble-plan.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
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
  return models.flatMap(({ name, config }) => {
    return mistakesOf(config, served, names).map((message) => ({ name, message }));
  });
}

function mistakesOf(
  config: ModelConfig,
  served: ReadonlyMap<string, ModelConfig>,
  names: readonly string[] | undefined,
): readonly string[] {
  const { ensemble } = config;
  if (ensemble === undefined) return [];
  const asked = [...new Set(ensemble.steps.map(({ modelName }) => modelName))];
  const absent = names === undefined ? [] : asked.filter((name) => !names.includes(name));
  if (absent.length > 0) {
    return absent.map(
      (name) => `ensemble '${config.name}' names the model '${name}': there is none`,
    );
  }
  const models = ensemble.steps.flatMap(({ modelName }) => served.get(modelName) ?? []);
  // What is wrong with one of its models has been told there.
  if (models.length < ensemble.steps.length) {
    const graph: EnsembleGraph = { ...config, steps: ensemble.steps };
    const mistake = graphMistake(graph);
    return mistake === undefined ? [] : [mistake];
  }
  try {
    planEnsemble(config, models);
    return [];
  } catch (error) {
    if (error instanceof InferenceError) return [error.message];
    throw error;
  }
}
