/**
 * From the definition of a model to the backend that runs it, inside an instance's thread.
 *
 * A function model is found by importing its module again. That may also hold the server: its
 * `serve()` never resolves in here, so the model is looked for as soon as that is reached.
 */
import type { Backend } from "../backends/backend.ts";
import type { FunctionModel } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import { openModelTable } from "../definition/model-table.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { importModule } from "./import-module.ts";
import type { ModuleFile } from "./module-file.ts";

export interface BackendPlan {
  readonly name: string;
  readonly version: number;
  readonly module: string | undefined;
  readonly onnx: OnnxModel | undefined;
  readonly file?: ModuleFile;
}

/** Backends are imported late: an instance needs one of them. */
export async function createBackend(plan: BackendPlan): Promise<Backend> {
  if (plan.onnx !== undefined) {
    const { createOnnxBackend } = await import("../backends/onnx.ts");
    return createOnnxBackend(plan.onnx);
  }
  if (plan.file !== undefined) {
    const { createModuleBackend } = await import("./module-backend.ts");
    return await createModuleBackend(plan, plan.file);
  }
  const { createFunctionBackend } = await import("../backends/function.ts");
  return createFunctionBackend(await findModel(plan));
}

async function findModel({ name, version, module }: BackendPlan): Promise<FunctionModel> {
  if (module === undefined) throw cannotFind(name, "it does not say where it lives");
  const table = openModelTable();
  try {
    await Promise.race([importModule(module), table.servePromise]);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const remedy = "define the model in a file that can be, with module: import.meta.url";
    const text = `its module ${module} cannot be imported again: ${why}; ${remedy}`;
    throw cannotFind(name, text, error);
  }
  const found = table.models.find((model) => model.name === name && model.version === version);
  if (found !== undefined && isFunctionModel(found)) return found;
  const why = table.hasReachedServe
    ? "its definition must stand above serve() in"
    : "nothing of that name and version is defined when a thread imports";
  throw cannotFind(name, `${why} ${module}`);
}

function isFunctionModel(model: ModelBase): model is FunctionModel {
  return model.kind === "function";
}

function cannotFind(name: string, why: string, cause?: unknown): InferenceError {
  const text = `model '${name}' cannot be loaded in a thread: ${why}`;
  return new InferenceError("INVALID_ARGUMENT", text, { cause });
}
