/**
 * Units of a simulated run: models and the ensembles made of them, drawn from a seed; and what they
 * compute, by a few lines of recursion that know nothing of the core. So whatever comes back over
 * any number of queues, batches and steps can be compared with what it should be.
 *
 * Every element of every output depends on the model, on the output, on the place of the response in
 * its stream, and on the same row of each input, absent ones too. What a model makes of a request
 * does not depend on when it runs. Some hand on an input as it is.
 */
import type { Random } from "../random.ts";

/** One number per row; undefined: absent. */
type Rows = readonly number[] | undefined;

export type Tensors = Readonly<Record<string, Rows>>;

export interface ModelUnit {
  readonly kind: "model";
  readonly name: string;
  readonly salt: number;
  readonly maxBatchSize: number;
  readonly inputs: readonly UnitInput[];
  readonly outputs: readonly string[];
  readonly isDecoupled: boolean;
  /** Its output y is its input x0: the same bytes. */
  readonly handsOn: boolean;
  readonly sharing: Sharing;
}

/** Which answers are shared; nothing of what streams. */
interface Sharing {
  readonly isCached: boolean;
  readonly singleFlight: boolean;
}

export interface EnsembleUnit {
  readonly kind: "ensemble";
  readonly name: string;
  readonly maxBatchSize: number;
  readonly inputs: readonly UnitInput[];
  readonly outputs: readonly string[];
  readonly isDecoupled: boolean;
  readonly steps: readonly UnitStep[];
  readonly maxInflightRequests: number;
  readonly sharing: Sharing;
}

export type Unit = ModelUnit | EnsembleUnit;

/** By name. */
export type LoadedUnits = ReadonlyMap<string, ModelUnit | undefined>;

interface UnitInput {
  readonly name: string;
  readonly isOptional: boolean;
}

export interface UnitStep {
  readonly unit: Unit;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
}

export function drawModel(random: Random, name: string, mayStream: boolean): ModelUnit {
  const isDecoupled = mayStream && random.chance(0.5);
  return {
    kind: "model",
    name,
    salt: random.between(1, 1e6),
    maxBatchSize: random.pick([0, 4, 8]),
    inputs: Array.from({ length: random.between(1, 3) }, (_, index) => {
      return { name: `x${index}`, isOptional: index > 0 && random.chance(0.4) };
    }),
    outputs: random.pick([["y"], ["y", "z"]]),
    isDecoupled,
    handsOn: random.chance(0.3),
    sharing: drawSharing(random, isDecoupled),
  };
}

function drawSharing(random: Random, isDecoupled: boolean): Sharing {
  const isCached = !isDecoupled && random.chance(0.25);
  return { isCached, singleFlight: !isDecoupled && random.chance(0.25) };
}

/** What comes when it is loaded once more: the same for whoever asks it, and other answers. */
export function drawSuccessor(random: Random, unit: ModelUnit): ModelUnit {
  return { ...unit, salt: random.between(1, 1e6) };
}

/** Of these, each as often as it comes. */
export function drawEnsemble(random: Random, name: string, units: readonly Unit[]): EnsembleUnit {
  const attempts = 20;
  for (let attempt = 0; ; attempt += 1) {
    const isLast = attempt === attempts;
    const usable = isLast ? units.filter(({ isDecoupled }) => !isDecoupled) : units;
    const ensemble = attemptEnsemble(random, name, usable);
    if (ensemble !== undefined) return ensemble;
  }
}

/**
 * Each row as it should be: a list of responses, of which a model that does not stream has one.
 * `loaded`: what each model is at present.
 */
export function evaluate(unit: Unit, inputs: Tensors, loaded: LoadedUnits): readonly Tensors[] {
  if (unit.kind === "ensemble") return evaluateSteps(unit, inputs, { steps: unit.steps, loaded });
  const model = loaded.get(unit.name) ?? unit;
  return Array.from({ length: responseCount(model, inputs) }, (_, part) => {
    return respond(model, inputs, part);
  });
}

/** Of a model, to a request with these inputs. */
export function responseCount(unit: ModelUnit, inputs: Tensors): number {
  return unit.isDecoupled ? mixed(unit, inputs, 0, 7) % 6 : 1;
}

export function respond(unit: ModelUnit, inputs: Tensors, part: number): Tensors {
  const rowCount = Object.values(inputs).find((rows) => rows !== undefined)?.length ?? 1;
  const entries = unit.outputs.map((output, index) => {
    if (unit.handsOn && output === "y") return [output, inputs["x0"]];
    const salt = 1 + index + 16 * part;
    return [output, Array.from({ length: rowCount }, (_, row) => mixed(unit, inputs, row, salt))];
  });
  return Object.fromEntries(entries) as Tensors;
}

/** Whether it takes more than one row, with all that is in it. */
export function isBatching(unit: Unit): boolean {
  if (unit.maxBatchSize === 0) return false;
  return unit.kind === "model" || unit.steps.every((step) => isBatching(step.unit));
}

interface EvaluatedSteps {
  readonly steps: readonly UnitStep[];
  readonly loaded: LoadedUnits;
}

function evaluateSteps(
  ensemble: EnsembleUnit,
  tensors: Tensors,
  { steps: [step, ...steps], loaded }: EvaluatedSteps,
): readonly Tensors[] {
  if (step === undefined) {
    const same = ensemble.outputs.map((name) => [name, name] as const);
    return [namedAs(tensors, same)];
  }
  const inputs = namedAs(tensors, Object.entries(step.inputs));
  return evaluate(step.unit, inputs, loaded).flatMap((response) => {
    const written = Object.entries(step.outputs).map(([from, to]) => [to, from] as const);
    const all = { ...tensors, ...namedAs(response, written) };
    return evaluateSteps(ensemble, all, { steps, loaded });
  });
}

function namedAs(tensors: Tensors, names: readonly (readonly [string, string])[]): Tensors {
  return Object.fromEntries(names.map(([to, from]) => [to, tensors[from]]));
}

function mixed({ salt, inputs }: ModelUnit, tensors: Tensors, row: number, more: number): number {
  let sum = salt * 31 + more;
  for (const { name } of inputs) {
    const value = tensors[name]?.[row] ?? -1;
    sum = Math.imul(sum ^ value, 0x45d9f3b) + 17;
    sum ^= sum >>> 15;
  }
  return (sum >>> 2) % 1_000_000;
}

interface DrawnTensor {
  readonly name: string;
  readonly level: number;
  readonly isOptional: boolean;
  isRead: boolean;
}

/** Undefined: its outputs would stem from different streams. */
function attemptEnsemble(
  random: Random,
  name: string,
  units: readonly Unit[],
): EnsembleUnit | undefined {
  const tensors: DrawnTensor[] = Array.from({ length: random.between(1, 3) }, (_, index) => {
    return { name: `X${index}`, level: 0, isOptional: random.chance(0.2), isRead: false };
  });
  const inputCount = tensors.length;
  const steps: UnitStep[] = [];
  let levelCount = 1;
  for (let count = random.between(1, 4); count > 0; count -= 1) {
    const unit = random.pick(units);
    const level = random.pick(tensors)?.level ?? 0;
    if (unit === undefined) return undefined;
    const inputs = drawInputs(
      random,
      unit,
      tensors.filter((tensor) => tensor.level === level),
    );
    if (inputs === undefined) continue;
    const nextLevel = unit.isDecoupled ? levelCount : level;
    if (unit.isDecoupled) levelCount += 1;
    const written = unit.outputs.filter((_, index) => index === 0 || random.chance(0.6));
    const outputs = written.map((output) => [output, `T${steps.length}${output}`] as const);
    for (const [, tensor] of outputs) {
      tensors.push({ name: tensor, level: nextLevel, isOptional: false, isRead: false });
    }
    steps.push({ unit, inputs, outputs: Object.fromEntries(outputs) });
  }
  const made = tensors.slice(inputCount);
  const outputs = made.filter(({ isRead }) => !isRead || random.chance(0.2));
  if (outputs.length === 0 || new Set(outputs.map(({ level }) => level)).size > 1) return undefined;
  const isDecoupled = steps.some(({ unit }) => unit.isDecoupled);
  const batchSizes = steps.flatMap(({ unit }) =>
    unit.maxBatchSize > 0 ? [unit.maxBatchSize] : [],
  );
  const mostRows = Math.min(4, ...batchSizes);
  return {
    kind: "ensemble",
    name,
    maxBatchSize: random.chance(0.5) ? mostRows : 0,
    inputs: tensors.slice(0, inputCount).filter(({ isRead }) => isRead),
    outputs: outputs.map((output) => output.name),
    isDecoupled,
    steps,
    maxInflightRequests: random.pick([0, 0, 1, 2]),
    sharing: drawSharing(random, isDecoupled),
  };
}

/** What must be there is read from what always is. Undefined: there is none. */
function drawInputs(
  random: Random,
  unit: Unit,
  tensors: readonly DrawnTensor[],
): Readonly<Record<string, string>> | undefined {
  const certain = tensors.filter(({ isOptional }) => !isOptional);
  const chosen = unit.inputs.flatMap(({ name, isOptional }) => {
    if (isOptional && random.chance(0.3)) return [];
    const tensor = random.pick(isOptional ? tensors : certain);
    return tensor === undefined ? [] : [{ name, tensor }];
  });
  // Rows are counted by what is there: so something always is.
  if (chosen.every(({ tensor }) => tensor.isOptional)) return undefined;
  for (const { tensor } of chosen) tensor.isRead = true;
  return Object.fromEntries(chosen.map(({ name, tensor }) => [name, tensor.name]));
}
