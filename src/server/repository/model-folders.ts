/**
 * Model folders: what is in model repositories, before anything of it is read.
 *
 *   <repository>/<model>/config.pbtxt          may be missing
 *   <repository>/<model>/<version>/...         a positive integer without leading zeros
 *
 * Each folder is a model, and what begins with a dot or is no folder is passed over. A name that is
 * in two repositories is no model: nobody could say which; nor is a folder that cannot be read, and
 * neither is in the way of others. A link counts as what it leads to, within its repository
 * (within.ts).
 *
 * Not here: configurations, and which versions are served.
 */
import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { InferenceError } from "../../protocol/errors.ts";
import { fileFailure } from "./file-failure.ts";
import { isWithin } from "./within.ts";

export interface ModelFolder {
  readonly name: string;
  /** All links followed. */
  readonly path: string;
  /** Ascending. */
  readonly versions: readonly number[];
  /** A client has sent it; the same as `path` then. */
  readonly upload?: string;
}

const twice = new InferenceError("INTERNAL", "model appears in two or more repositories");

/** By name, ascending. Rejects with an InferenceError for a repository that cannot be read. */
export async function readModelFolders(
  repositories: readonly string[],
): Promise<ReadonlyMap<string, ModelFolder | InferenceError>> {
  const found = await Promise.all(repositories.map(foldersOf));
  const all = found.flat().sort(([one], [other]) => (one < other ? -1 : 1));
  const folders = new Map<string, ModelFolder | InferenceError>();
  for (const [name, folder] of all) {
    folders.set(name, folders.has(name) ? twice : folder);
  }
  return folders;
}

/** Undefined: there is none. */
export async function readModelFolder(
  repositories: readonly string[],
  name: string,
): Promise<ModelFolder | InferenceError | undefined> {
  const folders = await readModelFolders(repositories);
  return folders.get(name);
}

/** Of what a client has sent. */
export async function uploadedFolder(name: string, path: string): Promise<ModelFolder> {
  const root = await realpath(path);
  return { name, path: root, versions: await versionsIn(root, root), upload: root };
}

type Named = readonly [name: string, folder: ModelFolder | InferenceError];

async function foldersOf(repository: string): Promise<readonly Named[]> {
  const root = await realFolder(repository);
  const entries = await readdir(root, { withFileTypes: true }).catch((error: unknown) => {
    throw fileFailure(`model repository '${repository}': it cannot be read`, error);
  });
  const folders = await Promise.all(
    entries.map(async (entry) => {
      const path = await folderOf(entry, root);
      return path === undefined ? [] : await folderAt(path, entry.name, root);
    }),
  );
  return folders.flat();
}

/** Empty: it has gone meanwhile. */
async function folderAt(path: string, name: string, root: string): Promise<readonly Named[]> {
  try {
    return [[name, { name, path, versions: await versionsIn(path, root) }]];
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    return [[name, fileFailure(`the folder of model '${name}' cannot be read`, cause)]];
  }
}

async function realFolder(repository: string): Promise<string> {
  try {
    const root = await realpath(repository);
    if ((await stat(root)).isDirectory()) return root;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such folder" : `it cannot be read (${code})`;
    throw new InferenceError("INTERNAL", `model repository '${repository}': ${why}`, { cause });
  }
  throw new InferenceError("INTERNAL", `model repository '${repository}': it is no folder`);
}

async function versionsIn(path: string, root: string): Promise<readonly number[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const versions = await Promise.all(
    entries.map(async (entry) => {
      const isVersion = /^[1-9]\d*$/.test(entry.name) && Number.isSafeInteger(Number(entry.name));
      const isThere = isVersion && (await folderOf(entry, root)) !== undefined;
      return isThere ? [Number(entry.name)] : [];
    }),
  );
  return versions.flat().sort((one, other) => one - other);
}

/** Undefined: it is none, or not of this repository. */
async function folderOf(entry: Dirent, root: string): Promise<string | undefined> {
  if (entry.name.startsWith(".")) return undefined;
  const path = join(entry.parentPath, entry.name);
  if (entry.isDirectory()) return path;
  if (!entry.isSymbolicLink()) return undefined;
  try {
    const real = await realpath(path);
    return isWithin(real, root) && (await stat(real)).isDirectory() ? real : undefined;
  } catch {
    // It leads nowhere, or in circles.
    return undefined;
  }
}
