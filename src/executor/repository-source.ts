/**
 * From one version of a model in a repository to what the core loads.
 *
 * The folder has been looked at, and its configuration read (server/repository/): what is left is to
 * open the model's file, to complete the configuration by it, and to make a host of it.
 *
 * Not here: models that are defined in code (model-source.ts).
 */
import { availableParallelism } from "node:os";
import { ensemblePlatform } from "../core/config/complete-backend.ts";
import {
  type LoadedModelFile,
  loadedConfig,
  type PreparedConfig,
} from "../core/config/prepare-config.ts";
import { servingConfig } from "../core/config/serving-config.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { ModelSource, ResolvedModel, ResolvedSource } from "../core/model-source.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { optionDefaults } from "../protocol/model-options.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import type { HostOptions } from "./instance-hosts.ts";
import { resolveOnnxFile } from "./onnx-file.ts";
import { onnxParameters } from "./onnx-parameters.ts";

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
  /** Where a file of its warm-up lies. */
  readonly warmupFile: (name: string) => string;
}

/** Of a group that does not count them. A second one on the CPU mostly costs memory. */
const defaultInstanceCount = 1;

/** Each is a thread with the whole model. */
const mostInstances = 1024;

export function repositorySource(given: RepositoryVersion, options: HostOptions): ModelSource {
  const { name, version, polled } = given;
  const { backend = "" } = polled;
  const resolve = async (signal: AbortSignal): Promise<ResolvedSource> => {
    if (polled.platform === ensemblePlatform)
      return { config: configOf(given, undefined, options) };
    if (backend === "onnxruntime") return await resolveOnnx(given, options, signal);
    const why = `unable to find backend library for backend '${backend}'`;
    const how = "try specifying runtime on the model configuration.";
    throw new InferenceError("INVALID_ARGUMENT", `${why}, ${how}`);
  };
  return { name, version, resolve };
}

async function resolveOnnx(
  given: RepositoryVersion,
  options: HostOptions,
  signal: AbortSignal,
): Promise<ResolvedModel> {
  const { name, version, polled, fileOf } = given;
  const instanceCount = countInstances(polled, name);
  const cores = Math.max(1, Math.floor(availableParallelism() / instanceCount));
  const { session, tuning, warnings } = onnxParameters(polled, { name, cores });
  for (const warning of warnings) options.log.warning(warning, { model: name, version });
  const path = await fileOf(polled.default_model_filename ?? "model.onnx");
  const model: OnnxModel = {
    kind: "onnx",
    name,
    version,
    path,
    session,
    tuning,
    measures: { cost: undefined, bucket: undefined },
    // Shapes are those of the configuration, reshaped before they come to the backend.
    options: { batching: false },
  };
  const devices = Array.from({ length: instanceCount }, () => "cpu" as const);
  const maxRequests = Math.max(1, polled.max_batch_size ?? 0, given.defaultMaxBatchSize);
  const { loadTimeoutMs } = optionDefaults;
  const file = { model, devices, maxRequests, loadTimeoutMs };
  return await resolveOnnxFile(file, options, signal, (graph) => {
    return { config: configOf(given, graph, options) };
  });
}

/** Says in the log what was decided that nobody has written. */
function configOf(
  given: RepositoryVersion,
  graph: LoadedModelFile["graph"],
  { log }: HostOptions,
): ModelConfig {
  const { name: model, version, polled, completes, defaultMaxBatchSize, warmupFile } = given;
  const machine = { gpus: undefined, backends: ["onnxruntime"] };
  const about = { name: model, graph, completes, defaultMaxBatchSize, machine };
  const prepared: PreparedConfig = loadedConfig(polled, { ...about, defaultInstanceCount });
  for (const remark of prepared.remarks) log.info(remark, { model, version });
  for (const warning of prepared.warnings) log.warning(warning, { model, version });
  return servingConfig(prepared.config, { version, warmupFile });
}

/** Of all groups. What cannot be, GPUs that are not there, is told when the graph is known. */
function countInstances({ instance_group: groups = [{}] }: WrittenConfig, name: string): number {
  const counts = groups.map(({ count = 0 }) => Math.max(defaultInstanceCount, count));
  const sum = counts.reduce((one, other) => one + other, 0);
  if (sum <= mostInstances) return sum;
  const why = `instance groups of model ${name} count ${sum} instances, more than ${mostInstances}`;
  throw new InferenceError("INVALID_ARGUMENT", why);
}
