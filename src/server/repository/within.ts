/**
 * Paths within a folder: whatever a client or a configuration calls a file, nothing outside is read.
 *
 * A name is relative, with `/` between its parts, and leads nowhere else: not by `..`, not by being
 * absolute, not by a symbolic link. Links that stay within are followed, because volumes of
 * Kubernetes consist of them. Only regular files are files: a device or a pipe is none.
 *
 * Whoever may write to the folder may still change a link between the check and the use: that is the
 * operator, who could as well replace the model.
 */
import type { Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, normalize, sep } from "node:path";
import { InferenceError } from "../../protocol/errors.ts";

/** Longer parts are no names in any file system we know. */
const mostPartBytes = 255;
const mostBytes = 4096;

export interface Named {
  /** For messages, such as `label file path 'labels.txt'`. */
  readonly what: string;
  readonly folder: string;
  readonly name: string;
  /** The protocol's own text for a name that leads elsewhere. */
  readonly outside?: string;
  /** For one that is to be read as a whole. */
  readonly maxBytes?: number;
}

/** The real path of an existing regular file. Rejects with an InferenceError. */
export async function fileWithin(named: Named): Promise<string> {
  const path = await existing(named);
  const found = await statOf(path, named);
  if (!found.isFile()) throw wrong(named, "is no file");
  const { maxBytes = Number.POSITIVE_INFINITY } = named;
  if (found.size <= maxBytes) return path;
  throw wrong(named, `has ${found.size} bytes, and at most ${maxBytes} are read`);
}

/** The same for a file, or a folder. */
export async function pathWithin(named: Named): Promise<string> {
  const path = await existing(named);
  const found = await statOf(path, named);
  if (found.isFile() || found.isDirectory()) return path;
  throw wrong(named, "is neither a file nor a folder");
}

/** As it would be within the folder; nothing need be there. Throws an InferenceError. */
export function nameWithin(named: Named): string {
  const { folder, name } = named;
  const parts = name.split(/[\\/]/);
  const isTooLong =
    Buffer.byteLength(name) > mostBytes ||
    parts.some((part) => Buffer.byteLength(part) > mostPartBytes);
  if (isTooLong) throw wrong(named, "is too long");
  // A backslash is a part of a name in one system and the end of it in another.
  if (name === "" || /[\0\\]/.test(name)) throw wrong(named, "is not a relative path");
  if (isAbsolute(name) || /^[a-z]:/i.test(name)) {
    throw named.outside === undefined ? wrong(named, "is not a relative path") : outside(named);
  }
  const normal = normalize(name);
  if (normal === "." || normal === ".." || normal.startsWith(`..${sep}`)) throw outside(named);
  return join(folder, normal);
}

/** Is this one, with all links followed, at or below that one, of which the same is true? */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function existing(named: Named): Promise<string> {
  const path = nameWithin(named);
  try {
    const [real, folder] = await Promise.all([realpath(path), realpath(named.folder)]);
    if (isWithin(real, folder)) return real;
  } catch (cause) {
    throw unreadable(named, cause);
  }
  throw outside(named);
}

/** It may have gone since it was found. */
async function statOf(path: string, named: Named): Promise<Stats> {
  try {
    return await stat(path);
  } catch (cause) {
    throw unreadable(named, cause);
  }
}

function unreadable(named: Named, cause: unknown): InferenceError {
  const { code } = cause as NodeJS.ErrnoException;
  return wrong(named, code === "ENOENT" ? "is not there" : `cannot be read (${code})`, cause);
}

function outside(named: Named): InferenceError {
  if (named.outside === undefined) return wrong(named, "is outside its folder");
  return new InferenceError("INVALID_ARGUMENT", named.outside);
}

function wrong({ what, name }: Named, why: string, cause?: unknown): InferenceError {
  const shown = name.length > 80 ? `${name.slice(0, 77)}...` : name;
  return new InferenceError("INVALID_ARGUMENT", `${what} '${shown}' ${why}`, { cause });
}
