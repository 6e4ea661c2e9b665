/**
 * Model source: where the core gets a model version from, without knowing what it is.
 */
import type { InstanceHost } from "./instance.ts";
import type { ModelConfig } from "./model-config.ts";

export interface ModelSource {
  readonly name: string;
  readonly version: number;
  /**
   * Finds out what the model is (a model file is opened for it). Rejects with an InferenceError
   * that names the model. Called once per load.
   */
  resolve(): Promise<ResolvedModel>;
}

export interface ResolvedModel {
  readonly config: ModelConfig;
  readonly host: InstanceHost;
}
