/**
 * Model source: where the core gets a model version from, without knowing what it is.
 */
import type { InstanceHost } from "./instance.ts";
import type { ModelConfig } from "./model-config.ts";
import type { RequestMeasures } from "./request-measures.ts";

export interface ModelSource<Resolved extends ResolvedSource = ResolvedSource> {
  readonly name: string;
  readonly version: number;
  /**
   * Finds out what the model is (a model file is opened for it). Rejects with an InferenceError
   * that names the model. Called once per load.
   *
   * The signal fires if nobody wants it any more, at the latest before its host has started an
   * instance: then what was opened is let go, and if it has not resolved yet, it rejects with the
   * signal's reason.
   */
  resolve(signal: AbortSignal): Promise<Resolved>;
}

export type ResolvedSource = ResolvedModel | ResolvedEnsemble;

export interface ResolvedModel {
  readonly config: ModelConfig;
  readonly host: InstanceHost;
  readonly measures?: RequestMeasures;
}

/** It has a configuration with `ensemble`, and nothing to start. */
interface ResolvedEnsemble {
  readonly config: ModelConfig;
  readonly host?: undefined;
  readonly measures?: undefined;
}
