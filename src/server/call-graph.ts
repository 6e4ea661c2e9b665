/**
 * Call graph: which model has called which, so that nobody ever waits for himself.
 *
 * A model that calls another holds one of its instances until that has answered. If calls never go
 * in a circle, some model waits for no other: it goes on, answers, and so do those that wait for it,
 * one after another. If they do, all instances around the circle may wait for each other for good,
 * also when no single request goes around: A calls B for one request while B calls A for another.
 * So it is models, not requests, between which a circle is refused: the call that would close it
 * fails, from then on every time, until one of the models is unloaded. How deep calls go is bounded
 * by the number of models.
 *
 * A known call costs two look-ups; a new one a search through the models that are called from there.
 * Loaded versions are told apart by their configurations: one that is loaded again has called nobody
 * yet, and nothing keeps one that is gone but the last call of a model that is there.
 *
 * A reader who holds a stream open while he asks the same model for something else waits for an
 * instance of it beside the one that he holds: that is for `concurrency`, and a deadline, to end.
 */
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";

export class CallGraph {
  /** By caller: whom it has called, by name and version. */
  readonly #called: WeakMap<ModelConfig, Map<string, ModelConfig>> = new WeakMap();

  /** Notes the call. Throws INTERNAL if it would close a circle. */
  enter(caller: ModelConfig, called: ModelConfig): void {
    const known = this.#called.get(caller) ?? new Map<string, ModelConfig>();
    const key = titleOf(called);
    if (known.get(key) === called) return;
    const path = this.#pathBetween(called, caller, new Set());
    if (path !== undefined) throw circle(caller, called, path);
    this.#called.set(caller, known.set(key, called));
  }

  /** Both ends included; undefined: there is none. */
  #pathBetween(
    from: ModelConfig,
    to: ModelConfig,
    seen: Set<ModelConfig>,
  ): readonly ModelConfig[] | undefined {
    if (from === to) return [to];
    if (seen.has(from)) return undefined;
    seen.add(from);
    for (const next of this.#called.get(from)?.values() ?? []) {
      const rest = this.#pathBetween(next, to, seen);
      if (rest !== undefined) return [from, ...rest];
    }
    return undefined;
  }
}

function circle(
  caller: ModelConfig,
  called: ModelConfig,
  path: readonly ModelConfig[],
): InferenceError {
  const whom = caller === called ? "itself" : `model '${called.name}', which calls it`;
  const way = [caller, ...path].map(titleOf).join(" -> ");
  return new InferenceError("INTERNAL", `model '${caller.name}' cannot call ${whom}: ${way}`);
}

function titleOf({ name, version }: ModelConfig): string {
  return `${name}/${version}`;
}
