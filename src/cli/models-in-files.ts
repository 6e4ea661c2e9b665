/**
 * Models in files: those that a file exports, or defines before it reaches `serve()`.
 *
 * Not here: which files are meant (model-files.ts).
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isModel, type ModelBase } from "../definition/model-base.ts";
import { closeModelTable, openModelTable } from "../definition/model-table.ts";
import { importModule } from "../executor/import-module.ts";
import { failureLine } from "../server/failure-line.ts";
import { type ServedModel, servedModels } from "../server/served-models.ts";
import { findModelFiles, type ModelFile } from "./model-files.ts";
import { UsageError } from "./usage-error.ts";

/** At least one, and each once. Rejects with a UsageError that names the file. */
export async function modelsInFiles(paths: readonly string[]): Promise<readonly ServedModel[]> {
  const models: ServedModel[] = [];
  for (const file of findModelFiles(paths)) models.push(...(await modelsIn(file)));
  if (models.length === 0) throw new UsageError(`no model is exported by ${paths.join(", ")}`);
  return withoutTwins(models);
}

async function modelsIn({ path, isFromFolder }: ModelFile): Promise<readonly ServedModel[]> {
  const url = pathToFileURL(path).href;
  const table = openModelTable();
  try {
    const imported = importModule(url);
    const exports = await Promise.race([imported, table.servePromise]);
    const models = exports === undefined ? table.models : modelsAmong(exports);
    if (models.length === 0 && !isFromFolder) {
      throw new UsageError(`'${path}' exports no model: export what model() or onnx() returns`);
    }
    return servedModels([...models], url);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`'${path}' cannot be served: ${describe(error, path)}`);
  } finally {
    closeModelTable();
  }
}

/** Each once, under whatever names it is exported; lists of models count, too. */
function modelsAmong(exports: object): readonly ModelBase[] {
  return [...new Set(Object.values(exports).flat().filter(isModel))];
}

/** One that a second file exports again is the same one. */
function withoutTwins(models: readonly ServedModel[]): readonly ServedModel[] {
  const unique = new Map<string, ServedModel>();
  for (const served of models) {
    const { name, version } = served.model;
    const key = `${name}/${version}`;
    const twin = unique.get(key) ?? served;
    if (twin.model !== served.model) {
      const files = [twin, served].map(({ module = "" }) => `'${fileURLToPath(module)}'`);
      const what = `model '${name}' is there twice in version ${version}`;
      throw new UsageError(`${what}: in ${files.join(" and ")}`);
    }
    unique.set(key, twin);
  }
  return [...unique.values()];
}

function describe(error: unknown, path: string): string {
  const place = error instanceof SyntaxError ? placeOfSyntaxError(path) : "";
  return `${failureLine(error)}${place}`;
}

/** Node tells it only when it prints such an error. */
function placeOfSyntaxError(path: string): string {
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
  const place = /^(.*:\d+)$/m.exec(stderr)?.[1];
  return place === undefined ? "" : ` (at ${place})`;
}
