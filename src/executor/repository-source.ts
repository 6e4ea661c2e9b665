/**
 * From one version of a model in a repository to what the core loads.
 *
 * The folder has been looked at, and its configuration read (server/repository/): what is left is to
 * open the model's file, to complete the configuration by it, and to make a host of it.
 *
 * Not here: files in JavaScript (module-source.ts), backends without a file (example-source.ts),
 * models that are defined in code (model-source.ts).
 */
import { availableParallelism } from "node:os";
import type { ModelSource, ResolvedModel } from "../core/model-source.ts";
import type { OnnxModel, OnnxSessionOptions } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type Device, optionDefaults } from "../protocol/model-options.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import { exampleBackends, resolveExample } from "./example-source.ts";
import type { HostOptions } from "./instance-hosts.ts";
import { labelled, labelsOf } from "./class-labels.ts";
import { resolveModule } from "./module-source.ts";
import { resolveOnnxFile } from "./onnx-file.ts";
import { configOf, type RepositoryVersion } from "./repository-config.ts";

export function repositorySource(given: RepositoryVersion, options: HostOptions): ModelSource {
  const { name, version, polled } = given;
  const { backend = "" } = polled;
  const resolveUnlabelled = async (signal: AbortSignal): Promise<ResolvedModel> => {
    if (backend === "onnxruntime") return await resolveOnnx(given, options, signal);
    if (backend === "function") return await resolveModule(given, options, signal);
    if (exampleBackends.has(backend)) return await resolveExample(given, options, signal);
    const why = `unable to find backend library for backend '${backend}'`;
    const how = "try specifying runtime on the model configuration.";
    throw new InferenceError("INVALID_ARGUMENT", `${why}, ${how}`);
  };
  const resolve = async (signal: AbortSignal): Promise<ResolvedModel> => {
    const labels = await labelsOf(given);
    const resolved = await resolveUnlabelled(signal);
    return { ...resolved, config: labelled(resolved.config, labels) };
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
  const maxRequests = Math.max(1, polled.max_batch_size ?? 0, given.defaultMaxBatchSize);
  const { loadTimeoutMs } = optionDefaults;
  const file = { model, devices, maxRequests, loadTimeoutMs };
  return await resolveOnnxFile(file, options, signal, (graph) => {
    return { config: configOf(given, graph, options.log) };
  });
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
