/**
 * The way of a model's configuration from what was written to what it is served by, in two steps:
 *
 *   written ──> polledConfig ──> (the model's file is opened) ──> loadedConfig ──> servingConfig
 *                    │                                                 └─────────> shownConfig
 *                    └ fails as a whole, before any version is loaded
 *
 * Each step tells all mistakes that it finds, a line each, in Triton's order and words: so the first
 * line is what Triton says.
 *
 * Not here: the steps of an ensemble, which need the models that they name.
 */
import { InferenceError } from "../../protocol/errors.ts";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import { findBoundMistakes } from "./bound-mistakes.ts";
import { completeBackend } from "./complete-backend.ts";
import { completeFromGraph, type Graph } from "./complete-from-graph.ts";
import { findIneffectiveFields, findRefusedFields } from "./config-support.ts";
import { findGraphMistakes } from "./graph-mistakes.ts";
import { findLoadingMistakes, type Machine } from "./loading-mistakes.ts";
import { type CompletedConfig, normaliseConfig } from "./normalise-config.ts";
import { findPollingMistakes } from "./polling-mistakes.ts";

export interface PolledModel {
  /** Of its folder. */
  readonly name: string;
  /** Names in the folder of its highest version. */
  readonly files: readonly string[];
  readonly completes: boolean;
}

/** With its backend. Throws INTERNAL as a poll does that finds something wrong. */
export function polledConfig(written: WrittenConfig, model: PolledModel): WrittenConfig {
  const config = model.completes ? completeBackend(written, model.files) : written;
  const mistakes = [
    ...findPollingMistakes(config, model.name),
    ...findBoundMistakes(config, model.name),
    ...findRefusedFields(config, model.name),
  ];
  if (mistakes.length > 0) throw pollFailure(model.name, mistakes.join("\n"));
  return config;
}

/** What a load of a model says whose files or whose override are wrong. */
export function pollFailure(name: string, cause: string): InferenceError {
  const what = `failed to load '${name}', failed to poll from model repository`;
  return new InferenceError("INTERNAL", `${what}: ${cause}`);
}

export interface LoadedModelFile {
  readonly name: string;
  /** Undefined: it is no ONNX model. */
  readonly graph: Graph | undefined;
  readonly completes: boolean;
  readonly defaultMaxBatchSize: number;
  readonly defaultInstanceCount: number;
  readonly machine: Machine;
}

export interface PreparedConfig {
  readonly config: CompletedConfig;
  /** For the log. */
  readonly remarks: readonly string[];
  /** For the log, as warnings. */
  readonly warnings: readonly string[];
}

/** Throws INVALID_ARGUMENT. */
export function loadedConfig(polled: WrittenConfig, model: LoadedModelFile): PreparedConfig {
  const { name, graph, machine } = model;
  const completed =
    graph !== undefined && model.completes
      ? completeFromGraph(polled, { ...model, graph })
      : { config: polled, remarks: [] };
  const { gpus = [] } = machine;
  const { defaultInstanceCount } = model;
  const config = normaliseConfig(completed.config, { name, gpus, defaultInstanceCount });
  const own = findLoadingMistakes(config, machine);
  // What is wrong by itself would only be told twice.
  const mistakes = own.length > 0 || graph === undefined ? own : findGraphMistakes(config, graph);
  if (mistakes.length > 0) throw new InferenceError("INVALID_ARGUMENT", mistakes.join("\n"));
  return { config, remarks: completed.remarks, warnings: warningsOf(config, polled) };
}

function warningsOf(config: CompletedConfig, written: WrittenConfig): readonly string[] {
  const { name, max_batch_size: rows, dynamic_batching, sequence_batching } = config;
  const ineffective = findIneffectiveFields(written);
  const isUnbatched = rows > 1 && dynamic_batching === undefined && sequence_batching === undefined;
  return [
    ...(ineffective.length === 0
      ? []
      : [`model '${name}': of no effect in this server: ${ineffective.join(", ")}`]),
    ...(isUnbatched && config.ensemble_scheduling === undefined
      ? [
          `batching is off: model '${name}' allows ${rows} rows per request but has no dynamic_batching`,
        ]
      : []),
  ];
}
