/**
 * Uploads: model folders that clients send, each in a temporary folder of its own that only this user
 * can read. They last as long as something is loaded from them, and no longer than the process, if
 * that gets to say so: nothing is left when it exits, however it came to that, but for a kill.
 */
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { UploadedFiles } from "../../core/inference-service.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { fileFailure } from "./file-failure.ts";
import { nameWithin } from "./within.ts";

/** Of one load: more is a mistake, and many small ones cost more than their bytes. */
const mostFiles = 10_000;

/** A name is too long, or in another one's way. Whatever else there is, is ours. */
const codesOfNames: ReadonlySet<string> = new Set(["EEXIST", "ENOTDIR", "EISDIR", "ENAMETOOLONG"]);

const folders = new Set<string>();

/** Its real path. Rejects with an InferenceError for a path that leads out of it; nothing is left then. */
export async function writeUpload(files: UploadedFiles): Promise<string> {
  if (files.size > mostFiles) {
    const why = `a load has ${files.size} file parameters, and may have ${mostFiles}`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  const folder = await makeFolder().catch((error: unknown) => {
    throw fileFailure("the folder for file parameters cannot be made", error);
  });
  if (folders.size === 0) process.on("exit", removeAll);
  folders.add(folder);
  try {
    for (const [name, bytes] of files) await writeFileOf(folder, name, bytes);
    return folder;
  } catch (error) {
    await removeUpload(folder);
    throw error;
  }
}

export async function removeUpload(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  if (folders.delete(folder) && folders.size === 0) process.off("exit", removeAll);
}

function removeAll(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

async function makeFolder(): Promise<string> {
  return await mkdtemp(join(await realpath(tmpdir()), "shoal-upload-"));
}

async function writeFileOf(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = pathOf(folder, name);
  try {
    await mkdir(dirname(path), { recursive: true });
    // Not over another one: two names that lead to one file are a mistake.
    await writeFile(path, bytes, { flag: "wx" });
  } catch (cause) {
    const what = `file parameter 'file:${shown(name)}' cannot be written`;
    const failure = fileFailure(what, cause);
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (!codesOfNames.has(code)) throw failure;
    throw new InferenceError("INVALID_ARGUMENT", failure.message, { cause });
  }
}

function pathOf(folder: string, name: string): string {
  try {
    return nameWithin({ what: "file parameter", folder, name });
  } catch (cause) {
    const what = `Invalid file parameter 'file:${shown(name)}' with normalized path '${shown(name)}'`;
    const why = `${what} must stay within model directory.`;
    throw new InferenceError("INVALID_ARGUMENT", why, { cause });
  }
}

function shown(name: string): string {
  return name.length > 80 ? `${name.slice(0, 77)}...` : name;
}
