/**
 * Models in code, looked at as `shoal serve FILE` would: the files are imported, no server is
 * started, and no instance.
 */

import { stat } from "node:fs/promises";
import type { Graph } from "../core/config/complete-from-graph.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { resolveInstances, resolveModelConfig } from "../core/resolve-model-config.ts";
import type { Model } from "../definition/model.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { functionConfigInput, onnxModelConfig } from "../executor/defined-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import type { ServedModel } from "../server/served-models.ts";
import type { CheckedModel, CheckOptions } from "./checked-folder.ts";
import type { Finding } from "./findings.ts";
import { lintsOf, optionFields } from "./lints.ts";
import { modelsInFiles } from "./models-in-files.ts";
import { UsageError } from "./usage-error.ts";

export interface CheckedCode {
  readonly models: readonly CheckedModel[];
  readonly findings: readonly Finding[];
}

export async function checkCode(path: string, options: CheckOptions): Promise<CheckedCode> {
  let served: readonly ServedModel[];
  try {
    served = await modelsInFiles([path]);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const message = error.message.replace(/^'[^']*' cannot be served: /, "");
    return { models: [], findings: [{ level: "mistake", file: path, message }] };
  }
  const checked = await Promise.all(served.map((each) => checkModel(each, path, options)));
  return {
    models: checked.flatMap(({ models }) => models),
    findings: checked.flatMap(({ findings }) => findings),
  };
}

interface Resolved {
  readonly config: ModelConfig;
  readonly options: ModelOptions;
  readonly graph: Graph | undefined;
  readonly instances: number;
  readonly threads: number;
  readonly weightBytes: number | undefined;
}

async function checkModel(
  served: ServedModel,
  file: string,
  options: CheckOptions,
): Promise<CheckedCode> {
  const { name, version } = served.model;
  const found = (level: Finding["level"], message: string, field?: string): Finding => {
    return { level, model: name, file, field, message };
  };
  try {
    const resolved = await resolveModel(served, options);
    if (resolved === undefined) return { models: [], findings: [] };
    const { config, graph, instances, threads, weightBytes } = resolved;
    const { batching, maxBatchSize } = resolved.options;
    const lints = lintsOf({
      config,
      fields: optionFields,
      asksForBatches: typeof batching === "object" || (maxBatchSize ?? 0) > 1,
      shapes: graph === undefined ? [] : [...graph.inputs, ...graph.outputs],
      threads,
      cores: options.cores,
    });
    const memoryBytes = weightBytes === undefined ? undefined : weightBytes * instances;
    const model = { name, versions: [version], served: [version], ...resolved, memoryBytes };
    return {
      models: [model],
      findings: lints.map(({ field, message }) => found("warning", message, field)),
    };
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    const findings = error.message.split("\n").map((line) => found("mistake", line));
    return { models: [], findings };
  }
}

/** Undefined: nobody can read its graph here. */
async function resolveModel(
  served: ServedModel,
  options: CheckOptions,
): Promise<Resolved | undefined> {
  const { model } = served;
  if (model.kind === "onnx") return await resolveOnnx(model as OnnxModel, options);
  return resolveFunction(model as Model, served.module, options);
}

function resolveFunction(
  model: Model,
  servedModule: string | undefined,
  { cores }: CheckOptions,
): Resolved {
  const input = functionConfigInput(model, model.module ?? servedModule, cores);
  const config = resolveModelConfig(input);
  const { kind, devices } = resolveInstances(input);
  const instances = devices.length;
  const threads = kind === "inline" ? 1 : instances;
  const { options } = model;
  return { config, options, graph: undefined, instances, threads, weightBytes: undefined };
}

async function resolveOnnx(
  model: OnnxModel,
  { cores, graphs }: CheckOptions,
): Promise<Resolved | undefined> {
  const { path, options, session } = model;
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new InferenceError("INVALID_ARGUMENT", `there is no file '${path}'`);
  }
  const graph = await graphs.read(path);
  if (graph === undefined) return undefined;
  const { config } = onnxModelConfig(model, graph, cores);
  const machine = { defaultKind: "thread", cores } as const;
  const instances = resolveInstances({ ...machine, options }).devices.length;
  const each = session.intraOpThreads ?? Math.max(1, Math.floor(cores / instances));
  return { config, options, graph, instances, threads: instances * each, weightBytes: found.size };
}
