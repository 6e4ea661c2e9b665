/**
 * A model of a repository in JavaScript or TypeScript, inside an instance's thread: the default
 * export of its module.
 *
 * Each thread imports it for itself, so a module that has changed is a new one in every thread that
 * starts later. One that starts again beside others must find what those found: if the module now
 * defines another model, it does not start.
 */

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import type { Backend, ModuleDefinition } from "../backends/backend.ts";
import { createFunctionBackend } from "../backends/function.ts";
import type { FunctionModel } from "../definition/model.ts";
import { isModel } from "../definition/model-base.ts";
import { openModelTable } from "../definition/model-table.ts";
import { InferenceError } from "../protocol/errors.ts";
import { isFields } from "../protocol/fields.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import { importModule } from "./import-module.ts";
import type { ModuleFile } from "./module-file.ts";
import { declarations } from "./tensor-declarations.ts";

export interface ModuleModel {
  readonly name: string;
  readonly version: number;
}

/** Rejects with an InferenceError that names the file. */
export async function createModuleBackend(
  { version }: ModuleModel,
  { url, expected }: ModuleFile,
): Promise<Backend> {
  const model = await importModel(url);
  const definition = definitionOf(model);
  if (expected === undefined) return describing(definition);
  if (!isDeepStrictEqual(definition, expected.definition)) {
    const why = "defines another model than when it was loaded: load the model again";
    throw wrong("UNAVAILABLE", url, why);
  }
  const { options, parameters } = expected;
  return createFunctionBackend({ ...model, version, options }, parameters);
}

/** An instance that says what it is, and runs nothing. */
function describing(description: ModuleDefinition): Backend {
  return {
    mayTerminateWhileBusy: true,
    load: async () => ({
      description,
      run: () => Promise.reject(new Error("it was loaded to be described only")),
      unload: async () => {},
    }),
  };
}

async function importModel(url: string): Promise<FunctionModel> {
  const exported = await importDefault(url);
  if (isModel(exported) && exported.kind === "function") return exported as FunctionModel;
  const expected = "its default export must be what model() returns";
  const remedy = "an ONNX file is a model of a repository by itself, as model.onnx";
  const why = isModel(exported) ? `${expected}; ${remedy}` : expected;
  throw wrong("INVALID_ARGUMENT", url, why);
}

async function importDefault(url: string): Promise<unknown> {
  const table = openModelTable();
  const hasServed = Symbol("it has reached serve()");
  const reached = table.servePromise.then(() => hasServed);
  const imported = await Promise.race([importModule(url), reached]).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw wrong("INVALID_ARGUMENT", url, `cannot be imported: ${why}`, error);
  });
  if (imported === hasServed) {
    throw wrong("INVALID_ARGUMENT", url, "must not call serve(): it is served as a model");
  }
  return isFields(imported) ? imported["default"] : undefined;
}

/** As another thread gets it. */
function definitionOf(model: FunctionModel): ModuleDefinition {
  const { name, version, inputs, outputs, options, isDecoupled, measures } = model;
  return structuredClone({
    name,
    version,
    inputs: declarations(inputs),
    outputs: declarations(outputs),
    options: plain(options) as ModelOptions,
    isDecoupled,
    measures: Object.entries(measures).flatMap(([key, own]) => (own === undefined ? [] : [key])),
  });
}

/** URLs of files, which cannot be told to another thread, become texts. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isFields(value) || ArrayBuffer.isView(value)) return value;
  const { href } = value;
  if (typeof href === "string") return href;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

function wrong(
  code: "INVALID_ARGUMENT" | "UNAVAILABLE",
  url: string,
  why: string,
  cause?: unknown,
): InferenceError {
  return new InferenceError(code, `'${basename(fileURLToPath(url))}' ${why}`, { cause });
}
