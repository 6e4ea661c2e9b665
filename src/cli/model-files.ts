/**
 * Model files: which files `shoal serve FILE|DIR...` means.
 *
 * A file is meant as it is; a folder stands for the .js, .mjs and .ts files directly in it, in
 * the order of their names, without tests, declarations and hidden files. A folder that looks
 * like a model repository (config.pbtxt, or folders named by version numbers) is refused.
 */
import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError } from "./usage-error.ts";

export interface ModelFile {
  /** Absolute. */
  readonly path: string;
  /** Found in a folder: then it may also hold no model, but something that models use. */
  readonly isFromFolder: boolean;
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
  const entries = readdirSync(absolute, { withFileTypes: true });
  if (entries.some((entry) => isRepositoryEntry(absolute, entry))) {
    throw new UsageError(
      `'${path}' looks like a model repository (config.pbtxt or version folders): these come in ` +
        "a later version; for now, export models from .js, .mjs or .ts files",
    );
  }
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const files = names.filter((name) => !name.startsWith(".") && isModelFileName(name)).sort();
  if (files.length === 0) {
    throw new UsageError(`folder '${path}' has no .js, .mjs or .ts file that could hold a model`);
  }
  return files.map((name) => ({ path: join(absolute, name), isFromFolder: true }));
}

function isModelFileName(name: string): boolean {
  return /\.(m?js|m?ts)$/.test(name) && !/\.d\.m?ts$|\.test\.\w+$/.test(name);
}

/** A model's folder in a repository, or one of its parts if the model's own folder was given. */
function isRepositoryEntry(folder: string, entry: Dirent): boolean {
  if (entry.name === "config.pbtxt") return true;
  if (!entry.isDirectory()) return false;
  if (/^\d+$/.test(entry.name)) return true;
  if (existsSync(join(folder, entry.name, "config.pbtxt"))) return true;
  return readdirSync(join(folder, entry.name)).some((name) => /^\d+$/.test(name));
}
