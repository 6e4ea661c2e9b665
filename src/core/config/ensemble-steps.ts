/**
 * The steps of an ensemble as a configuration says them, and what is wrong with them before anybody
 * looks at their models. The protocol's texts; the first mistake only, for others follow from it.
 */
import type { Written, WrittenConfig } from "../../protocol/written-config.ts";
import type { EnsembleConfig, EnsembleStepConfig } from "../ensemble-config.ts";
import { graphMistake, surroundingMistake } from "../ensemble-graph.ts";

/** `name` is the model's: that of its folder. */
export function findEnsembleMistakes(config: WrittenConfig, name: string): readonly string[] {
  const { platform = "", ensemble_scheduling: scheduling } = config;
  const surroundings = {
    name,
    platform,
    hasEnsembleScheduling: scheduling !== undefined,
    instanceGroupCount: config.instance_group?.length ?? 0,
    hasOptimization: config.optimization !== undefined,
    warmupCount: config.model_warmup?.length ?? 0,
  };
  const around = surroundingMistake(surroundings);
  if (around !== undefined) return [around];
  if (scheduling === undefined) return [];
  const { steps } = ensembleConfig(scheduling);
  const graph = { name, inputs: named(config.input), outputs: named(config.output), steps };
  const mistake = graphMistake(graph);
  return mistake === undefined ? [] : [mistake];
}

export function ensembleConfig({
  step: steps = [],
  max_inflight_requests = 0,
}: Written<"ModelEnsembling">): EnsembleConfig {
  return { steps: steps.map(stepConfig), maxInflightRequests: max_inflight_requests };
}

/** Each once. */
export function modelsOfSteps({
  ensemble_scheduling: scheduling,
}: WrittenConfig): readonly string[] {
  return [...new Set(scheduling?.step?.map(({ model_name = "" }) => model_name))];
}

/** Without a version it is the latest, as with -1. */
function stepConfig(step: Written<"ModelEnsembling.Step">): EnsembleStepConfig {
  const { model_name = "", model_version = -1, input_map = {}, output_map = {} } = step;
  return {
    modelName: model_name,
    modelVersion: model_version === -1 ? undefined : Number(model_version),
    inputMap: new Map(Object.entries(input_map)),
    outputMap: new Map(Object.entries(output_map)),
  };
}

function named(tensors: readonly { readonly name?: string }[] = []): { readonly name: string }[] {
  return tensors.map(({ name = "" }) => ({ name }));
}
