/**
 * Ensemble plan: what an ensemble and the models of its steps come to, checked, so that a request
 * only has to follow it. Pure; made anew whenever one of the models has changed.
 *
 * Tensors have numbers. Each stands on a level: 0 as long as no step before it streams. A step that
 * streams opens a level: each of its responses is an iteration of its own of all that follows. What
 * a step reads stands on one level, and so does what the ensemble gives: so an iteration never needs
 * a tensor of another one. (As in Triton: there is no joining of a stream with what came before it.)
 *
 * Checked, with the protocol's texts, in Triton's order: batch sizes and mappings step by step, with
 * datatypes and shapes of each tensor against whoever named it first; then the levels.
 *
 * Not here: the graph by itself (ensemble-graph.ts).
 */
import { assert } from "../assert.ts";
import { datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { formatShape } from "../protocol/shape.ts";
import type { EnsembleStepConfig } from "./ensemble-config.ts";
import { graphMistake } from "./ensemble-graph.ts";
import type { ModelConfig, TensorConfig } from "./model-config.ts";

export interface EnsemblePlan {
  readonly tensorCount: number;
  readonly inputs: readonly PlannedTensor[];
  readonly outputs: readonly PlannedTensor[];
  readonly steps: readonly PlannedStep[];
  /** By tensor: the steps that read it, each once. */
  readonly readers: readonly (readonly PlannedStep[])[];
  /** By tensor: who else has its bytes while one of them reads it. */
  readonly isShared: readonly boolean[];
  /** Any number of responses: a step streams. */
  readonly isDecoupled: boolean;
}

export interface PlannedTensor {
  /** As its model, or the ensemble, calls it. */
  readonly name: string;
  readonly tensor: number;
  readonly dims: readonly number[];
}

export interface PlannedStep {
  readonly index: number;
  readonly inputs: readonly PlannedTensor[];
  readonly outputs: readonly PlannedTensor[];
  /** Empty: all. */
  readonly requestedOutputs: readonly string[];
  /** Different tensors that must be there before it runs. */
  readonly tensorCount: number;
  readonly isBatching: boolean;
  readonly isDecoupled: boolean;
  /** Of what it reads. */
  readonly level: number;
  /** Of what it writes. */
  readonly nextLevel: number;
}

/** `models`: of the steps, in their order. Throws INVALID_ARGUMENT. */
export function planEnsemble(config: ModelConfig, models: readonly ModelConfig[]): EnsemblePlan {
  const { name, inputs, outputs, ensemble } = config;
  const steps = ensemble?.steps ?? [];
  const mistake = graphMistake({ name, inputs, outputs, steps });
  if (mistake !== undefined) throw invalid(mistake);
  const tensors = new Tensors(config);
  const drafts = steps.map((step, index) => {
    const model = models[index];
    assert(model !== undefined, "every step has its model");
    return draft(tensors, { step, model, index });
  });
  const planned = withLevels(config, tensors, drafts);
  const levelOf = (tensor: number): number => tensors.levels[tensor] ?? 0;
  const given = outputs.map((output) => tensors.planned(output.name, output));
  const givenLevels = new Set(given.map(({ tensor }) => levelOf(tensor)));
  if (givenLevels.size > 1) throw mixesStreams(name, name);
  const readers = Array.from({ length: tensors.count }, (_, tensor) =>
    planned.filter((step) => step.inputs.some((input) => input.tensor === tensor)),
  );
  return {
    tensorCount: tensors.count,
    inputs: inputs.map((input) => tensors.planned(input.name, input)),
    outputs: given,
    steps: planned,
    readers,
    isShared: readers.map((_, tensor) => {
      const uses = planned.flatMap((step) => step.inputs.filter((one) => one.tensor === tensor));
      return uses.length + (isGiven(given, tensor) ? 1 : 0) > 1;
    }),
    isDecoupled: planned.some(({ isDecoupled }) => isDecoupled),
  };
}

interface StepAndModel {
  readonly step: EnsembleStepConfig;
  readonly model: ModelConfig;
  readonly index: number;
}

type StepDraft = Omit<PlannedStep, "level" | "nextLevel"> & { readonly modelName: string };

/** Whoever named a tensor first says what it is. */
interface TensorOrigin {
  readonly number: number;
  readonly modelName: string;
  readonly isBatching: boolean;
  readonly config: TensorConfig;
}

class Tensors {
  readonly #ensemble: ModelConfig;
  readonly #origins = new Map<string, TensorOrigin>();
  /** By tensor; undefined: not reached yet. */
  readonly levels: (number | undefined)[] = [];

  constructor(ensemble: ModelConfig) {
    this.#ensemble = ensemble;
    for (const tensor of [...ensemble.inputs, ...ensemble.outputs]) {
      this.note(tensor.name, tensor, ensemble);
    }
    for (const { tensor } of ensemble.inputs.map((input) => this.planned(input.name, input))) {
      this.levels[tensor] = 0;
    }
  }

  get count(): number {
    return this.#origins.size;
  }

  get ensemble(): ModelConfig {
    return this.#ensemble;
  }

  /** Throws if it is not what it was said to be before. */
  note(name: string, config: TensorConfig, { name: modelName, maxBatchSize }: ModelConfig): void {
    const number = this.#origins.size;
    const origin = { number, modelName, isBatching: maxBatchSize > 0, config };
    const known = this.#origins.get(name);
    if (known === undefined) this.#origins.set(name, origin);
    else checkSame(`in ensemble ${this.#ensemble.name}, ensemble tensor ${name}: `, known, origin);
  }

  planned(tensorName: string, { name, dims }: TensorConfig): PlannedTensor {
    return { name, tensor: this.#origins.get(tensorName)?.number ?? 0, dims };
  }
}

/** Throws INVALID_ARGUMENT. */
function draft(tensors: Tensors, { step, model, index }: StepAndModel): StepDraft {
  const { name, maxBatchSize } = tensors.ensemble;
  if (model.maxBatchSize !== 0 && model.maxBatchSize < maxBatchSize) {
    throw invalid(
      `ensemble ${name} allows maximum batch size ${maxBatchSize}, but it contains model ` +
        `${step.modelName} which only allows maximum batch size to be ${model.maxBatchSize}`,
    );
  }
  const inputs = mappedInputs(tensors, { step, model, index });
  const outputs = mappedOutputs(tensors, { step, model, index });
  const isWhole = outputs.length === model.outputs.length;
  return {
    index,
    modelName: step.modelName,
    inputs,
    outputs,
    requestedOutputs: isWhole ? [] : outputs.map((output) => output.name),
    tensorCount: new Set(inputs.map(({ tensor }) => tensor)).size,
    isBatching: model.maxBatchSize > 0,
    isDecoupled: model.isDecoupled,
  };
}

function mappedInputs(tensors: Tensors, { step, model }: StepAndModel): readonly PlannedTensor[] {
  const { name: ensemble } = tensors.ensemble;
  for (const [input, tensor] of step.inputMap) {
    if (model.inputs.some(({ name }) => name === input)) continue;
    const what = `ensemble tensor ${tensor} is mapping to non-existing input ${input}`;
    throw invalid(`in ensemble ${ensemble}, ${what} in model ${step.modelName}`);
  }
  return model.inputs.flatMap((input) => {
    const tensor = step.inputMap.get(input.name);
    if (tensor === undefined) {
      if (input.isOptional) return [];
      const what = `input ${input.name} in model ${model.name} is not mapped to any ensemble tensors`;
      throw invalid(`in ensemble ${ensemble}, ${what}`);
    }
    tensors.note(tensor, input, model);
    return [tensors.planned(tensor, input)];
  });
}

function mappedOutputs(tensors: Tensors, { step, model }: StepAndModel): readonly PlannedTensor[] {
  const { name: ensemble } = tensors.ensemble;
  for (const [output, tensor] of step.outputMap) {
    if (model.outputs.some(({ name }) => name === output)) continue;
    const what = `ensemble tensor ${tensor} is mapped from non-existing output ${output}`;
    throw invalid(`in ensemble ${ensemble}, ${what} in model ${step.modelName}`);
  }
  return model.outputs.flatMap((output) => {
    const tensor = step.outputMap.get(output.name);
    if (tensor === undefined) return [];
    tensors.note(tensor, output, model);
    return [tensors.planned(tensor, output)];
  });
}

/** The graph has no circles: so every step is reached. */
function withLevels(
  { name: ensemble }: ModelConfig,
  { levels }: Tensors,
  drafts: readonly StepDraft[],
): readonly PlannedStep[] {
  const planned: PlannedStep[] = [];
  const isReached = ({ inputs }: StepDraft): boolean =>
    inputs.every(({ tensor }) => levels[tensor] !== undefined);
  let levelCount = 1;
  let waiting = drafts;
  while (waiting.length > 0) {
    for (const { modelName, ...step } of waiting.filter(isReached)) {
      const [level = 0, ...others] = step.inputs.map(({ tensor }) => levels[tensor]);
      if (others.some((other) => other !== level)) throw mixesStreams(ensemble, modelName);
      const nextLevel = step.isDecoupled ? levelCount : level;
      levelCount += step.isDecoupled ? 1 : 0;
      for (const { tensor } of step.outputs) levels[tensor] = nextLevel;
      planned.push({ ...step, level, nextLevel });
    }
    waiting = waiting.filter(({ index }) => planned.every((step) => step.index !== index));
  }
  return planned.sort((one, other) => one.index - other.index);
}

/**
 * The same datatype; the same shape, or one of them leaves it open. What has a batch dimension for
 * one model and none for the other is the same if it is, with it or without it.
 */
function checkSame(prefix: string, known: TensorOrigin, other: TensorOrigin): void {
  const differs = (what: string, titleOf: (origin: TensorOrigin) => string): InferenceError => {
    const first = `${titleOf(known)} is inferred from model ${known.modelName}`;
    const second = `${titleOf(other)} is inferred from model ${other.modelName}`;
    return invalid(`${prefix}inconsistent ${what}: ${first} while ${second}`);
  };
  if (known.config.datatype !== other.config.datatype) {
    throw differs("data type", ({ config }) => datatypes[config.datatype].configName);
  }
  if (matches(known.config.dims, other.config.dims)) return;
  if (matches(wholeDims(known), wholeDims(other))) return;
  throw differs("shape", (origin) => formatShape(wholeDims(origin)));
}

function wholeDims({ isBatching, config }: TensorOrigin): readonly number[] {
  return isBatching ? [-1, ...config.dims] : config.dims;
}

/** Either may leave a dimension open. */
export function matches(one: readonly number[], other: readonly number[]): boolean {
  if (one.length !== other.length) return false;
  return one.every((size, index) => size === -1 || other[index] === -1 || size === other[index]);
}

function isGiven(outputs: readonly PlannedTensor[], tensor: number): boolean {
  return outputs.some((output) => output.tensor === tensor);
}

function mixesStreams(ensemble: string, model: string): InferenceError {
  const what = "receives inputs originated from different decoupled models";
  return invalid(`in ensemble ${ensemble}, step of model '${model}' ${what}`);
}

function invalid(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}
