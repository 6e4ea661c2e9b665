/**
 * Who waits for whom because of ensembles, so that nobody ever waits for himself.
 *
 * A step that streams holds its model's instance until what it has given was taken: until the steps
 * after it have ended. Its batch ends when all requests of it have. So if the same model stood after
 * it as well, in this ensemble or around others, a batch could wait for a request that waits in that
 * batch. As for models that call each other (server/call-graph.ts), it is between models, not
 * requests, that a circle is refused, when an ensemble that would close it is loaded.
 *
 *   m streams in a step, n is the model of a step after it     m waits for n
 *   n is an ensemble                                           n waits for the models of its steps
 *
 * Steps that do not stream hold nothing that others wait for: they may come again and again.
 */
import { InferenceError } from "../protocol/errors.ts";
import type { AskedVersion } from "../protocol/infer.ts";
import type { EnsembleStepConfig } from "./ensemble-config.ts";
import type { ModelConfig } from "./model-config.ts";

/** Undefined: it is not there. */
export type FindConfig = (name: string, version: AskedVersion) => ModelConfig | undefined;

export interface Wait {
  readonly waiter: ModelConfig;
  readonly awaited: ModelConfig;
}

/** That one ensemble brings about; not those of ensembles in it. */
export function waitsOf(config: ModelConfig, find: FindConfig): readonly Wait[] {
  const steps = config.ensemble?.steps ?? [];
  const models = new Map(steps.map((step) => [step, find(step.modelName, step.modelVersion)]));
  return steps.flatMap((step) => {
    const model = models.get(step);
    if (model === undefined) return [];
    const streams = streamsIn(model, find);
    const awaited = streams.length === 0 ? [] : stepsAfter(step, steps);
    const ofStreams = awaited.flatMap((later) => {
      const laterModel = models.get(later);
      return laterModel === undefined ? [] : [laterModel];
    });
    return [
      { waiter: config, awaited: model },
      ...streams.flatMap((waiter) => ofStreams.map((one) => ({ waiter, awaited: one }))),
    ];
  });
}

/** Beside other ensembles. Throws INVALID_ARGUMENT if it would make somebody wait for himself. */
export function refuseCircle(
  config: ModelConfig,
  others: readonly ModelConfig[],
  find: FindConfig,
): void {
  const own = waitsOf(config, find);
  const all = [...own, ...others.flatMap((other) => waitsOf(other, find))];
  for (const { waiter, awaited } of own) {
    const path = pathBetween(awaited, waiter, all);
    if (path === undefined) continue;
    const way = [waiter, ...path].map(({ name }) => name).join(" -> ");
    const why = `what model '${waiter.name}' streams would wait for that model itself: ${way}`;
    throw new InferenceError("INVALID_ARGUMENT", `in ensemble ${config.name}, ${why}`);
  }
}

/** Models whose instances are held while this one streams. */
function streamsIn(config: ModelConfig, find: FindConfig): readonly ModelConfig[] {
  if (config.ensemble === undefined) return config.isDecoupled ? [config] : [];
  return config.ensemble.steps.flatMap(({ modelName, modelVersion }) => {
    const model = find(modelName, modelVersion);
    return model === undefined ? [] : streamsIn(model, find);
  });
}

function stepsAfter(
  step: EnsembleStepConfig,
  steps: readonly EnsembleStepConfig[],
): readonly EnsembleStepConfig[] {
  const after = new Set<EnsembleStepConfig>();
  const follow = ({ outputMap }: EnsembleStepConfig): void => {
    const written = new Set(outputMap.values());
    for (const next of steps) {
      if (after.has(next) || ![...next.inputMap.values()].some((name) => written.has(name)))
        continue;
      after.add(next);
      follow(next);
    }
  };
  follow(step);
  return [...after];
}

/** Both ends included; undefined: there is none. */
function pathBetween(
  from: ModelConfig,
  to: ModelConfig,
  waits: readonly Wait[],
  seen: Set<ModelConfig> = new Set(),
): readonly ModelConfig[] | undefined {
  if (from === to) return [to];
  if (seen.has(from)) return undefined;
  seen.add(from);
  for (const { waiter, awaited } of waits) {
    if (waiter !== from) continue;
    const rest = pathBetween(awaited, to, waits, seen);
    if (rest !== undefined) return [from, ...rest];
  }
  return undefined;
}
