/**
 * Configuration of an ensemble: a model whose requests are carried out by other models.
 *
 * A step names a model, and says which tensors of the ensemble it reads and writes. Steps have no
 * order of their own: each runs as soon as what it reads is there.
 *
 * Not here: what is wrong with one (ensemble-graph.ts alone, ensemble-plan.ts beside its models).
 */
export interface EnsembleConfig {
  readonly steps: readonly EnsembleStepConfig[];
  /** Requests that one step may have running for one request of the ensemble; 0: any number. */
  readonly maxInflightRequests: number;
}

export interface EnsembleStepConfig {
  readonly modelName: string;
  /** Undefined: the highest that is ready when a request comes. */
  readonly modelVersion: number | undefined;
  /** The model's input -> the ensemble's tensor. */
  readonly inputMap: ReadonlyMap<string, string>;
  /** The model's output -> the ensemble's tensor. */
  readonly outputMap: ReadonlyMap<string, string>;
}
