/**
 * The configuration of one version of a model in a repository: completed by what its model says of
 * itself, checked, and told in the log.
 *
 * Of an ONNX file the configuration says all that the graph does not. A model in JavaScript has a
 * definition, with options of its own: a configuration beside it only adds to those.
 */
import { availableParallelism } from "node:os";
import { completeFromDefinition } from "../core/config/complete-from-definition.ts";
import {
  type Definition,
  findDefinitionMistakes,
  joinedOptions,
} from "../core/config/definition-mistakes.ts";
import {
  type LoadedModelFile,
  loadedConfig,
  type PreparedConfig,
} from "../core/config/prepare-config.ts";
import { servingConfig } from "../core/config/serving-config.ts";
import { writtenOptions } from "../core/config/written-options.ts";
import type { Log } from "../core/log.ts";
import type { ModelConfig } from "../core/model-config.ts";
import {
  type ResolvedInstances,
  resolveInstances,
  resolveModelConfig,
} from "../core/resolve-model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import { instanceGroups } from "../protocol/instance-groups.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";

export interface RepositoryVersion {
  readonly name: string;
  readonly version: number;
  /** What was written, with its backend. */
  readonly polled: WrittenConfig;
  readonly completes: boolean;
  /** Most rows of a batch that nobody has written; 0: none. */
  readonly defaultMaxBatchSize: number;
  /** Where a file of this version is, by its name in the configuration. Rejects if it is none. */
  readonly fileOf: (name: string) => Promise<string>;
  /** Of the classes of an output, from a file that its configuration names. Rejects if it is none. */
  readonly labelsIn: (file: string, output: string) => Promise<readonly string[]>;
  /** Where a file of its warm-up lies. */
  readonly warmupFile: (name: string) => string;
}

/** Of a group that does not count them. A second one on the CPU mostly costs memory. */
export const defaultInstanceCount = 1;

/** As it is written, and as the graph completes it. Throws INVALID_ARGUMENT. */
export function configOf(
  given: RepositoryVersion,
  graph: LoadedModelFile["graph"],
  log: Log,
): ModelConfig {
  const { config } = prepared(given, graph, log);
  const { version, warmupFile } = given;
  return servingConfig(config, { version, warmupFile });
}

export interface JoinedDefinition {
  readonly config: ModelConfig;
  readonly instances: ResolvedInstances;
  /** Of the definition and of the configuration. */
  readonly options: ModelOptions;
}

/** Throws INVALID_ARGUMENT. */
export function joinDefinition(
  given: RepositoryVersion,
  definition: Definition,
  log: Log,
): JoinedDefinition {
  const { name, version, polled } = given;
  const { isDecoupled, inputs, outputs } = definition;
  const written = writtenOptions(polled, given.warmupFile);
  const mistakes = findDefinitionMistakes(polled, written, comparable(definition));
  if (mistakes.length > 0) throw new InferenceError("INVALID_ARGUMENT", mistakes.join("\n"));
  const options = joinedOptions(definition.options, written);
  const { backend = "", default_model_filename: defaultModelFilename = "" } = polled;
  const input = {
    name,
    version,
    platform: "",
    backend,
    inputs,
    outputs,
    options,
    defaultKind: "thread",
    cores: availableParallelism(),
    defaultModelFilename,
    isDecoupled,
    parameters: parametersOf(polled),
  } as const;
  const config = resolveModelConfig(input);
  const completed = { ...given, polled: completeFromDefinition(polled, config) };
  const shown = prepared(completed, undefined, log);
  return {
    config: { ...config, written: shown.config },
    instances: resolveInstances(input),
    options,
  };
}

function parametersOf({ parameters = {} }: WrittenConfig): Readonly<Record<string, string>> {
  const entries = Object.entries(parameters);
  return Object.fromEntries(entries.map(([key, { string_value = "" }]) => [key, string_value]));
}

/** With its instances in the form in which a configuration has them. */
function comparable(definition: Definition): Definition {
  const { options } = definition;
  if (options.instances === undefined) return definition;
  return { ...definition, options: { ...options, instances: instanceGroups(options.instances) } };
}

/** Says in the log what was decided that nobody has written. */
function prepared(
  given: RepositoryVersion,
  graph: LoadedModelFile["graph"],
  log: Log,
): PreparedConfig {
  const { name: model, version, polled, completes, defaultMaxBatchSize } = given;
  // A backend that is not there is told before its file is opened.
  const machine = { gpus: undefined, backends: [polled.backend ?? ""] };
  const about = { name: model, graph, completes, defaultMaxBatchSize, machine };
  const config = loadedConfig(polled, { ...about, defaultInstanceCount });
  for (const remark of config.remarks) log.info(remark, { model, version });
  for (const warning of config.warnings) log.warning(warning, { model, version });
  return config;
}
