/**
 * What a path means to `shoal check`, and all that is found there.
 *
 *   a file config.pbtxt, or a folder with one or with versions     one model
 *   a .js, .mjs or .ts file, or a folder of such                   models in code
 *   another folder                                                 a model repository
 */
import { statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { InferenceError } from "../protocol/errors.ts";
import {
  type ModelFolder,
  readModelFolders,
  uploadedFolder,
} from "../server/repository/model-folders.ts";
import { checkCode } from "./checked-code.ts";
import { findEnsembleMistakes } from "./checked-ensembles.ts";
import { type CheckedModel, type CheckOptions, FolderCheck } from "./checked-folder.ts";
import { type Finding, fieldOf } from "./findings.ts";
import { folderKind } from "./model-files.ts";
import { OnnxGraphs } from "./onnx-graphs.ts";
import { UsageError } from "./usage-error.ts";

export interface CheckReport {
  readonly models: readonly CheckedModel[];
  readonly findings: readonly Finding[];
}

export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
  /** Default: as onnxruntime-node reads them. */
  readonly graphs?: OnnxGraphs;
}

/** Rejects with a UsageError for what can be no such thing. */
export async function checkPath(path: string, machine: Machine): Promise<CheckReport> {
  const { cores, memoryBytes, graphs = new OnnxGraphs() } = machine;
  const { models, findings } = await checkMeant(path, { cores, graphs });
  const missing = await graphs.missing();
  const unread: readonly Finding[] =
    missing === undefined
      ? []
      : [{ level: "warning", file: path, message: `ONNX graphs are not checked: ${missing}` }];
  return {
    models,
    findings: [...findings, ...unread, ...memoryWarnings(path, models, memoryBytes)],
  };
}

async function checkMeant(path: string, options: CheckOptions): Promise<CheckReport> {
  if (!statSync(path).isDirectory()) {
    if (/\.(m?js|m?ts)$/.test(path)) return await checkCode(path, options);
    if (basename(path) !== "config.pbtxt") {
      throw new UsageError(`'${path}' is no config.pbtxt, and no .js, .mjs or .ts file`);
    }
    return await checkModel(dirname(path), options);
  }
  const kind = folderKind(path);
  if (kind === "model") return await checkModel(path, options);
  return kind === "files" ? await checkCode(path, options) : await checkRepository(path, options);
}

async function checkModel(given: string, options: CheckOptions): Promise<CheckReport> {
  const path = given.replace(/(?<=.)[\\/]+$/, "");
  const { name, versions, path: real } = await uploadedFolder(basename(resolve(path)), path);
  const checked = await checkFolders([[{ name, versions, path: real }, path]], options);
  return withEnsembles(checked, undefined, () => path);
}

async function checkRepository(path: string, options: CheckOptions): Promise<CheckReport> {
  const folders = await readModelFolders([path]).catch((error: unknown) => {
    throw error instanceof InferenceError ? new UsageError(error.message) : error;
  });
  if (folders.size === 0) throw new UsageError(`there is no model in '${path}'`);
  const shown = [...folders.values()].flatMap((folder) => {
    return folder instanceof InferenceError ? [] : [[folder, join(path, folder.name)] as const];
  });
  const unreadable = [...folders].flatMap(([name, folder]): readonly Finding[] => {
    if (!(folder instanceof InferenceError)) return [];
    return [{ level: "mistake", model: name, file: join(path, name), message: folder.message }];
  });
  const { models, findings } = await checkFolders(shown, options);
  const checked = { models, findings: [...unreadable, ...findings] };
  return withEnsembles(checked, [...folders.keys()], (name) => join(path, name));
}

/** One after the other: the graph of a large model is in memory meanwhile. */
async function checkFolders(
  folders: readonly (readonly [ModelFolder, string])[],
  options: CheckOptions,
): Promise<CheckReport> {
  const models: CheckedModel[] = [];
  const findings: Finding[] = [];
  for (const [folder, shown] of folders) {
    const check = new FolderCheck(folder, shown, options);
    const model = await check.run();
    if (model !== undefined) models.push(model);
    findings.push(...check.findings);
  }
  return { models, findings };
}

function withEnsembles(
  { models, findings }: CheckReport,
  names: readonly string[] | undefined,
  folderOf: (name: string) => string,
): CheckReport {
  const mistakes = findEnsembleMistakes(models, names).map(({ name, message }): Finding => {
    const file = join(folderOf(name), "config.pbtxt");
    const field = fieldOf(message) ?? "ensemble_scheduling";
    return { level: "mistake", model: name, file, field, message };
  });
  return { models, findings: [...findings, ...mistakes] };
}

function memoryWarnings(
  file: string,
  models: readonly CheckedModel[],
  memoryBytes: number,
): readonly Finding[] {
  const needed = models.reduce((sum, model) => sum + (model.memoryBytes ?? 0), 0);
  if (needed <= memoryBytes) return [];
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
  const message =
    `the weights of all instances take ${gib(needed)}, and there are ${gib(memoryBytes)}: ` +
    "fewer instances, or fewer versions";
  return [{ level: "warning", file, message }];
}
