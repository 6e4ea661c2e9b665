/**
 * From the definition of a model to what the core loads: its configuration, and a host that makes
 * instances of it, inline or in threads.
 *
 * Not here: models of repositories (repository-source.ts), model files (onnx-file.ts).
 */
import { availableParallelism } from "node:os";
import type { ModelSource, ResolvedModel } from "../core/model-source.ts";
import { resolveInstances, resolveModelConfig } from "../core/resolve-model-config.ts";
import type { FunctionModel } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { optionDefaults } from "../protocol/model-options.ts";
import { functionConfigInput, onnxModelConfig } from "./defined-config.ts";
import { type HostOptions, InlineHost, ThreadHost } from "./instance-hosts.ts";
import { requestMeasures } from "./measured-requests.ts";
import { resolveOnnxFile } from "./onnx-file.ts";
import { warmed } from "./warming-host.ts";

/** `module` is where a function model is defined, if it does not say so itself. */
export function modelSource(
  model: ModelBase,
  module: string | undefined,
  options: HostOptions,
): ModelSource<ResolvedModel> {
  const { name, version } = model;
  const resolve = async (signal: AbortSignal): Promise<ResolvedModel> => {
    if (isOnnx(model)) return await resolveOnnx(model, options, signal);
    const resolved = resolveFunction(model as FunctionModel, module, options);
    return { ...resolved, host: await warmed(resolved.host, resolved.config) };
  };
  return { name, version, resolve };
}

function isOnnx(model: ModelBase): model is OnnxModel {
  return model.kind === "onnx";
}

function resolveFunction(
  model: FunctionModel,
  servedModule: string | undefined,
  options: HostOptions,
): ResolvedModel {
  const { name, version } = model;
  const module = model.module ?? servedModule;
  const input = functionConfigInput(model, module, availableParallelism());
  const config = resolveModelConfig(input);
  const { kind, devices, concurrency } = resolveInstances(input);
  const measures = requestMeasures(model.measures, model.inputs, config.maxBatchSize > 0);
  if (kind === "inline") return { config, host: new InlineHost(model, config, options), measures };
  if (module === undefined) {
    const why = "a model in threads must say where it lives: module: import.meta.url";
    throw new InferenceError("INVALID_ARGUMENT", `model '${name}': ${why}`);
  }
  const maxRequests = Math.max(1, config.maxBatchSize);
  const plan = { name, version, module, onnx: undefined, devices, maxRequests, concurrency };
  return { config, host: new ThreadHost(config, plan, options), measures };
}

async function resolveOnnx(
  model: OnnxModel,
  options: HostOptions,
  signal: AbortSignal,
): Promise<ResolvedModel> {
  const { name, version } = model;
  const machine = { defaultKind: "thread", cores: availableParallelism() } as const;
  const { devices } = resolveInstances({ ...machine, options: model.options });
  const maxRequests = model.options.maxBatchSize ?? optionDefaults.maxBatchSize;
  const loadTimeoutMs = model.options.limits?.loadTimeoutMs ?? optionDefaults.loadTimeoutMs;
  const file = { model, devices, maxRequests, loadTimeoutMs };
  return await resolveOnnxFile(file, options, signal, (description) => {
    const { config, remark } = onnxModelConfig(model, description, machine.cores);
    if (remark !== "") options.log.info(remark, { model: name, version });
    const measures = requestMeasures(model.measures, {}, config.maxBatchSize > 0);
    return { config, measures };
  });
}
