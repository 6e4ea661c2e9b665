/**
 * Ensemble graph: what is wrong with an ensemble by itself, whatever its models are. The protocol's
 * texts, in the order in which Triton looks.
 *
 *   steps are complete -> no tensor is written twice -> inputs are read -> outputs are written, from
 *   inputs, in no circle -> every other tensor is written and read
 *
 * A circle of steps shows as a tensor that never comes: "is not written", or "is unused".
 *
 * Not here: whether tensors fit (ensemble-plan.ts); circles between ensembles (ensemble-models.ts).
 */
import type { EnsembleConfig } from "./ensemble-config.ts";

export interface EnsembleGraph extends Pick<EnsembleConfig, "steps"> {
  readonly name: string;
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

/** What a written configuration says beside its steps. */
export interface EnsembleSurroundings {
  readonly name: string;
  readonly platform: string;
  readonly hasEnsembleScheduling: boolean;
  readonly instanceGroupCount: number;
  readonly hasOptimization: boolean;
  readonly warmupCount: number;
}

/** What no ensemble may have, and what only an ensemble may. Undefined: nothing is wrong. */
export function surroundingMistake(config: EnsembleSurroundings): string | undefined {
  const { name, platform, hasEnsembleScheduling } = config;
  const isEnsemble = platform === "ensemble";
  if (!hasEnsembleScheduling) {
    if (!isEnsemble) return undefined;
    return `ensemble scheduling must be set for ensemble ${name} whose platform is ensemble`;
  }
  if (!isEnsemble) {
    return `ensemble scheduling cannot be set for model '${name}' whose platform is not ensemble`;
  }
  const whose = `for ensemble '${name}'`;
  if (config.instanceGroupCount > 0) return `instance group should not be specified ${whose}`;
  if (config.hasOptimization) return `optimization should not be specified ${whose}`;
  if (config.warmupCount > 0) return `model_warmup can not be specified ${whose}`;
  return undefined;
}

/** The first thing that is wrong. */
export function graphMistake(graph: EnsembleGraph): string | undefined {
  const mistake = stepMistake(graph);
  if (mistake !== undefined) return mistake;
  const tensors = tensorsOf(graph);
  return (
    unreadInput(graph, tensors) ??
    unwrittenOutput(graph, tensors) ??
    unusedTensor(graph, tensors) ??
    rewrittenInput(graph, tensors)
  );
}

/** One of the ensemble's, by the steps around it. */
interface GraphTensor {
  /** What the step that writes it reads; undefined: no step writes it. */
  sources: readonly string[] | undefined;
  isRead: boolean;
  /** It is an input, or can be computed. */
  isThere: boolean;
}

type GraphTensors = ReadonlyMap<string, GraphTensor>;

function stepMistake({ name, steps }: EnsembleGraph): string | undefined {
  if (steps.length === 0) return `must specify 'step' for ensemble '${name}'`;
  const written = new Set<string>();
  for (const [index, { modelName, inputMap, outputMap }] of steps.entries()) {
    const where = `in step ${index} of ensemble '${name}'`;
    if (modelName === "") return `must specify 'model_name' ${where}`;
    if (inputMap.size === 0) return `must specify 'input_map' ${where}`;
    if (outputMap.size === 0) return `must specify 'output_map' ${where}`;
    for (const tensor of outputMap.values()) {
      if (written.has(tensor)) {
        const what = `ensemble tensor '${tensor}' can appear in an output map only once`;
        return `${what} for ensemble '${name}' step ${index}`;
      }
      written.add(tensor);
    }
  }
  return undefined;
}

function tensorsOf({ inputs, steps }: EnsembleGraph): GraphTensors {
  const tensors = new Map<string, GraphTensor>();
  const known = (name: string): GraphTensor => {
    const tensor = tensors.get(name) ?? { sources: undefined, isRead: false, isThere: false };
    tensors.set(name, tensor);
    return tensor;
  };
  for (const { inputMap, outputMap } of steps) {
    for (const name of inputMap.values()) known(name).isRead = true;
    for (const name of outputMap.values()) known(name).sources = [...inputMap.values()];
  }
  for (const { name } of inputs) {
    const tensor = tensors.get(name);
    if (tensor !== undefined) tensor.isThere = true;
  }
  while ([...tensors.values()].some((tensor) => becomesThere(tensor, tensors)));
  return tensors;
}

/** It was not, and now is. */
function becomesThere(tensor: GraphTensor, tensors: GraphTensors): boolean {
  if (tensor.isThere || tensor.sources === undefined) return false;
  tensor.isThere = tensor.sources.every((name) => tensors.get(name)?.isThere);
  return tensor.isThere;
}

function unreadInput({ name, inputs }: EnsembleGraph, tensors: GraphTensors): string | undefined {
  const unread = inputs.find((input) => !tensors.has(input.name));
  if (unread === undefined) return undefined;
  return `ensemble input '${unread.name}' for ensemble ${name}' is not used`;
}

function unwrittenOutput(
  { name, outputs }: EnsembleGraph,
  tensors: GraphTensors,
): string | undefined {
  for (const output of outputs) {
    const tensor = tensors.get(output.name);
    if (tensor === undefined) {
      return `ensemble output '${output.name}' for ensemble ${name}' is not used`;
    }
    if (tensor.isThere) continue;
    const what = `output '${output.name}' for ensemble '${name}' is not written`;
    const missing = tensor.sources?.find((source) => tensors.get(source)?.isThere !== true);
    if (missing === undefined) return what;
    return `${what}: at least one of its depending tensors, '${missing}', is not connected`;
  }
  return undefined;
}

function unusedTensor(
  { name: ensemble, outputs }: EnsembleGraph,
  tensors: GraphTensors,
): string | undefined {
  const given = new Set(outputs.map(({ name }) => name));
  for (const [name, { isThere, isRead }] of tensors) {
    if (given.has(name) || (isThere && isRead)) continue;
    return `ensemble tensor '${name}' is unused in ensemble '${ensemble}'`;
  }
  return undefined;
}

/** Triton lets it pass, and which of the two a step then reads is chance. */
function rewrittenInput(
  { name: ensemble, inputs }: EnsembleGraph,
  tensors: GraphTensors,
): string | undefined {
  const rewritten = inputs.find(({ name }) => tensors.get(name)?.sources !== undefined);
  if (rewritten === undefined) return undefined;
  return `ensemble input '${rewritten.name}' for ensemble '${ensemble}' is written by a step, too`;
}
