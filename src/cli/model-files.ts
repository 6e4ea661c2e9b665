/**
 * Model files: which files `shoal serve FILE|DIR...` means.
 *
 * A file is meant as it is; a folder stands for the .js, .mjs and .ts files directly in it, in
 * the order of their names, without tests, declarations and hidden files. One without such files,
 * but with folders of models, is a model repository.
 */
import { type Dirent, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { UsageError } from "./usage-error.ts";

export interface ModelFile {
  /** Absolute. */
  readonly path: string;
  /** Found in a folder: then it may also hold no model, but something that models use. */
  readonly isFromFolder: boolean;
}

/** Of a folder: one model of a repository, files of models, a repository, or nothing of these. */
export type FolderKind = "model" | "files" | "repository" | "nothing";

export function folderKind(path: string): FolderKind {
  const entries = entriesOf(path);
  if (isOfModel(path, entries)) return "model";
  if (modelFilesAmong(entries).length > 0) return "files";
  const holdsModels = entries.some(({ name }) => {
    const folder = join(path, name);
    return !name.startsWith(".") && isOfModel(folder, entriesOf(folder));
  });
  return holdsModels ? "repository" : "nothing";
}

export function isRepository(path: string): boolean {
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isDirectory && folderKind(path) === "repository";
}

/** Throws a UsageError that names the path. */
export function findModelFiles(paths: readonly string[]): readonly ModelFile[] {
  const files = paths.flatMap((path) => filesOf(path));
  const unique = new Map(files.map((file) => [file.path, file]));
  return [...unique.values()];
}

function filesOf(path: string): readonly ModelFile[] {
  const absolute = resolve(path);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (stat === undefined) throw new UsageError(`there is no file or folder '${path}'`);
  if (stat.isDirectory()) return filesIn(path, absolute);
  if (!isModelFileName(absolute)) {
    throw new UsageError(`'${path}' is no .js, .mjs or .ts file`);
  }
  return [{ path: absolute, isFromFolder: false }];
}

function filesIn(path: string, absolute: string): readonly ModelFile[] {
  const kind = folderKind(absolute);
  if (kind === "model") throw new UsageError(ofOneModel(path, absolute));
  if (kind === "repository") {
    throw new UsageError(`'${path}' is a model repository, and not a folder of model files`);
  }
  if (kind === "nothing") {
    const files = "no .js, .mjs or .ts file that could hold a model";
    throw new UsageError(`folder '${path}' has ${files}, and no folder of a model`);
  }
  const names = modelFilesAmong(entriesOf(absolute));
  return names.map((name) => ({ path: join(absolute, name), isFromFolder: true }));
}

function ofOneModel(path: string, absolute: string): string {
  const repository = relative("", dirname(absolute)) || ".";
  const alone = "--model-control-mode explicit --load-model";
  return (
    `'${path}' is the folder of one model: name the repository that it is in, '${repository}'; ` +
    `for this model alone: --model-repository ${repository} ${alone} ${basename(absolute)}`
  );
}

function modelFilesAmong(entries: readonly Dirent[]): readonly string[] {
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  return names.filter((name) => !name.startsWith(".") && isModelFileName(name)).sort();
}

function isModelFileName(name: string): boolean {
  return /\.(m?js|m?ts)$/.test(name) && !/\.d\.m?ts$|\.test\.\w+$/.test(name);
}

/** By its configuration, or by a version that holds a model's file under its usual name. */
function isOfModel(path: string, entries: readonly Dirent[]): boolean {
  if (entries.some(({ name }) => name === "config.pbtxt")) return true;
  const versions = entries.filter(({ name }) => /^[1-9]\d*$/.test(name));
  return versions.some((version) => {
    return entriesOf(join(path, version.name)).some(({ name }) => isUsualName(name));
  });
}

function isUsualName(name: string): boolean {
  return /^model\.(onnx|m?js|ts)$/.test(name);
}

/** None, if it is no folder or cannot be read. */
function entriesOf(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}
