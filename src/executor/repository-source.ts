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
import { isDeepStrictEqual } from "node:util";
import { ensemblePlatform } from "../core/config/complete-backend.ts";
import type { Log } from "../core/log.ts";
import type { InstanceGroupConfig, ModelConfig } from "../core/model-config.ts";
import type { ModelSource, ResolvedModel, ResolvedSource } from "../core/model-source.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { optionDefaults } from "../protocol/model-options.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import { labelled, labelsOf } from "./class-labels.ts";
import { exampleBackends, resolveExample } from "./example-source.ts";
import type { HostOptions } from "./instance-hosts.ts";
import { resolveModule } from "./module-source.ts";
import { resolveOnnxFile } from "./onnx-file.ts";
import { onnxParameters } from "./onnx-parameters.ts";
import { configOf, defaultInstanceCount, type RepositoryVersion } from "./repository-config.ts";
import { type OfferedVersion, withWarmupFiles } from "./warmup-files.ts";

/** Each is a thread with the whole model. */
const mostInstances = 1024;

export function repositorySource(offered: OfferedVersion, options: HostOptions): ModelSource {
  const { name, version, polled } = offered;
  const { backend = "" } = polled;
  const resolveUnlabelled = async (
    given: RepositoryVersion,
    signal: AbortSignal,
  ): Promise<ResolvedSource> => {
    if (polled.platform === ensemblePlatform) {
      return { config: configOf(given, undefined, options.log) };
    }
    if (backend === "onnxruntime") return await resolveOnnx(given, options, signal);
    if (backend === "function") return await resolveModule(given, options, signal);
    if (exampleBackends.has(backend)) return await resolveExample(given, options, signal);
    const why = `unable to find backend library for backend '${backend}'`;
    const how = "try specifying runtime on the model configuration.";
    throw new InferenceError("INVALID_ARGUMENT", `${why}, ${how}`);
  };
  const resolve = async (signal: AbortSignal): Promise<ResolvedSource> => {
    const given = await withWarmupFiles(offered);
    const labels = await labelsOf(given);
    const resolved = await resolveUnlabelled(given, signal);
    return { ...resolved, config: labelled(resolved.config, labels) };
  };
  return { name, version, resolve };
}

/**
 * The configuration of a version that goes on serving, from one that says otherwise which versions
 * there are and how many instances this one has, and else the same as `before`. Undefined: that
 * takes a new load. Instances that stay keep their share of the cores. Rejects with INVALID_ARGUMENT
 * for instances that cannot be.
 */
export async function configInPlace(
  offered: OfferedVersion,
  { before, serving }: { readonly before: WrittenConfig; readonly serving: ModelConfig },
  log: Log,
): Promise<ModelConfig | undefined> {
  const given = await withWarmupFiles(offered);
  const { name, polled } = given;
  const { instance_group, version_policy } = polled;
  const hasOtherInstances = !isDeepStrictEqual(instance_group, before.instance_group);
  if (serving.written === undefined) return undefined;
  if (hasOtherInstances && serving.backend !== "onnxruntime") return undefined;
  countInstances(polled, name);
  const { instance_group: groups, version_policy: _, ...others } = serving.written;
  const changed = {
    ...others,
    ...(version_policy && { version_policy }),
    ...(hasOtherInstances ? instance_group && { instance_group } : { instance_group: groups }),
  };
  const asked = { ...given, completes: false, polled: changed };
  const { written = serving.written, instanceGroups } = configOf(asked, undefined, log);
  if (!hasOtherInstances) return { ...serving, written };
  const all = [...serving.instanceGroups, ...instanceGroups];
  return all.every(isOnCpu) ? { ...serving, instanceGroups, written } : undefined;
}

function isOnCpu({ kind }: InstanceGroupConfig): boolean {
  return kind === "KIND_CPU";
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
    return { config: configOf(given, graph, options.log) };
  });
}

/** Of all groups. What cannot be, GPUs that are not there, is told when the graph is known. */
function countInstances({ instance_group: groups = [{}] }: WrittenConfig, name: string): number {
  const counts = groups.map(({ count = 0 }) => Math.max(defaultInstanceCount, count));
  const sum = counts.reduce((one, other) => one + other, 0);
  if (sum <= mostInstances) return sum;
  const why = `instance groups of model ${name} count ${sum} instances, more than ${mostInstances}`;
  throw new InferenceError("INVALID_ARGUMENT", why);
}
