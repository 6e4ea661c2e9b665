/**
 * Folder state: what all files below a folder look like, in one text. Two that are equal have not
 * changed in between, as far as names, sizes and times tell; contents are not read.
 *
 * Of a link both count: where it leads shows in its own time, and a file that it leads to as if it
 * stood there. Folders behind links are not looked into. What cannot be read is a state, too: that
 * of a reason.
 */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/**
 * Of a folder that is changed meanwhile it may be of no use: then it is another one next time.
 * `isMeant`: of what stands in it; the rest does not count.
 */
export async function folderState(
  folder: string,
  isMeant: (name: string) => boolean = () => true,
): Promise<string> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true, recursive: true });
  } catch (error) {
    return String(error);
  }
  const nameOf = (entry: Dirent): string => relative(folder, join(entry.parentPath, entry.name));
  const meant = entries.filter((entry) => isMeant(nameOf(entry).split(sep, 1)[0] ?? ""));
  const lines = await Promise.all(
    meant.map(async (entry) => {
      const name = nameOf(entry);
      const path = join(folder, name);
      // A folder's own time tells of its files, which stand here themselves.
      if (entry.isDirectory()) return JSON.stringify([name]);
      const own = fileState(await lstat(path).catch(() => gone));
      if (!entry.isSymbolicLink()) return JSON.stringify([name, own]);
      return JSON.stringify([name, own, fileState(await stat(path).catch(() => gone))]);
    }),
  );
  return createHash("sha256").update(lines.sort().join("\n")).digest("base64");
}

function fileState({ size, mtimeMs, ino }: typeof gone): readonly number[] {
  return [size, mtimeMs, ino];
}

const gone = { size: -1, mtimeMs: -1, ino: -1 };
