/**
 * From one version of a model in a repository to what the core loads.
 *
 * The folder has been looked at, and its configuration read (server/repository/): what is left is to
 * open the model's file, to complete the configuration by it, and to make a host of it.
 *
 * Not here: models that are defined in code (model-source.ts).
 */
import { availableParallelism } from "node:os";
import {
  type LoadedModelFile,
  loadedConfig,
  type PreparedConfig,
} from "../core/config/prepare-config.ts";
import { servingConfig } from "../core/config/serving-config.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { ModelSource, ResolvedModel } from "../core/model-source.ts";
import type { OnnxModel, OnnxSessionOptions } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type Device, optionDefaults } from "../protocol/model-options.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import type { HostOptions } from "./instance-hosts.ts";
import { resolveOnnxFile } from "./onnx-file.ts";

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

export function repositorySource(given: RepositoryVersion, options: HostOptions): ModelSource {
  const { name, version, polled } = given;
  const { backend = "" } = polled;
  const resolve = async (signal: AbortSignal): Promise<ResolvedModel> => {
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
  const path = await fileOf(polled.default_model_filename ?? "model.onnx");
  const devices = devicesOf(polled);
  const model: OnnxModel = {
    kind: "onnx",
    name,
    version,
    path,
    session: sessionOptions(polled, devices.length),
    measures: { cost: undefined, bucket: undefined },
    options: {},
  } as OnnxModel;
  const labels = await labelsOf(given);
  const maxRequests = Math.max(1, polled.max_batch_size ?? 0, given.defaultMaxBatchSize);
  const { loadTimeoutMs } = optionDefaults;
  const file = { model, devices, maxRequests, loadTimeoutMs };
  return await resolveOnnxFile(file, options, signal, (graph) => {
    return { config: labelled(configOf(given, graph, options), labels) };
  });
}

type LabelsByOutput = ReadonlyMap<string, readonly string[]>;

async function labelsOf({ polled, labelsIn }: RepositoryVersion): Promise<LabelsByOutput> {
  const all = (polled.output ?? []).map(async ({ name = "", label_filename: file = "" }) => {
    return file === "" ? [] : [[name, await labelsIn(file, name)] as const];
  });
  return new Map((await Promise.all(all)).flat());
}

function labelled(config: ModelConfig, labels: LabelsByOutput): ModelConfig {
  if (labels.size === 0) return config;
  const outputs = config.outputs.map((output) => {
    const own = labels.get(output.name);
    return own === undefined ? output : { ...output, labels: own };
  });
  return { ...config, outputs };
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
  const prepared: PreparedConfig = loadedConfig(polled, { ...about, defaultInstanceCount: 1 });
  for (const remark of prepared.remarks) log.info(remark, { model, version });
  for (const warning of prepared.warnings) log.warning(warning, { model, version });
  return { ...servingConfig(prepared.config, { version, warmupFile }), written: prepared.config };
}

/** Of each instance. */
function devicesOf({ instance_group: groups = [] }: WrittenConfig): readonly Device[] {
  const devices = groups.flatMap(({ kind, count = 1, gpus = [] }): Device[] => {
    const own = kind === "KIND_GPU" ? gpus.map((gpu): Device => `cuda:${gpu}`) : (["cpu"] as const);
    return own.flatMap((device) => Array.from({ length: Math.max(1, count) }, () => device));
  });
  return devices.length > 0 ? devices : ["cpu"];
}

const graphLevels: Readonly<Record<number, OnnxSessionOptions["graphOptimizationLevel"]>> = {
  [-1]: "basic",
  1: "extended",
  2: "disabled",
};

function sessionOptions(
  { parameters = {}, optimization }: WrittenConfig,
  instanceCount: number,
): OnnxSessionOptions {
  const numberOf = (key: string): number => Number(parameters[key]?.string_value ?? 0);
  const own = Math.max(1, Math.floor(availableParallelism() / instanceCount));
  const level = graphLevels[optimization?.graph?.level ?? 0];
  return {
    intraOpThreads: numberOf("intra_op_thread_count") || own,
    ...(numberOf("inter_op_thread_count") > 0 && {
      interOpThreads: numberOf("inter_op_thread_count"),
    }),
    ...(level !== undefined && { graphOptimizationLevel: level }),
  };
}
