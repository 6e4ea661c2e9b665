/**
 * Model configuration, from what a user wrote to its resolved form: checked, every default filled.
 *
 * All mistakes are collected and told at once, one line each: model, field, expectation, value.
 * Nothing is ignored: an option that is unknown, or that another one makes meaningless, is an error.
 */
import type { ModelOptions, TensorDeclaration } from "../protocol/model-options.ts";
import type { ModelConfig } from "./model-config.ts";

export interface ConfigTensor extends TensorDeclaration {
  /** What the model sees instead of `dims`. */
  readonly reshape?: readonly number[];
}

export interface ModelConfigInput {
  readonly name: string;
  readonly version: number;
  readonly platform: string;
  readonly backend: string;
  readonly inputs: readonly ConfigTensor[];
  readonly outputs: readonly ConfigTensor[];
  readonly options: ModelOptions;
  /** Of its instances, if the options name none. */
  readonly defaultKind: "inline" | "thread";
  /** Of this machine: what `instances: "auto"` counts with. */
  readonly cores: number;
  readonly defaultModelFilename?: string;
  readonly isDecoupled?: boolean;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** How many instances, and of which kind: what an executor needs besides the configuration. */
export interface ResolvedInstances {
  readonly count: number;
  readonly kind: "inline" | "thread";
  readonly device: "cpu" | `cuda:${number}`;
}

/** Throws INVALID_ARGUMENT with one line for each mistake. */
export function resolveModelConfig(input: ModelConfigInput): ModelConfig {
  throw new Error(`not built yet: ${input.name}`);
}

/** Options that `resolveModelConfig` has accepted. */
export function resolveInstances(
  input: Pick<ModelConfigInput, "options" | "defaultKind" | "cores">,
): ResolvedInstances {
  throw new Error(`not built yet: ${input.cores}`);
}
