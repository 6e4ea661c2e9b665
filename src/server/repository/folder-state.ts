/**
 * Folder state: what all files below a folder look like, in one text. Two that are equal have not
 * changed in between, as far as names, sizes and times tell; contents are not read.
 *
 * Links are not followed here: that one leads elsewhere now shows in its own time. What cannot be
 * read is a state, too: that of a reason.
 */
import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

/** Of a folder that is changed meanwhile it may be of no use: then it is another one next time. */
export async function folderState(folder: string): Promise<string> {
  let entries: readonly Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true, recursive: true });
  } catch (error) {
    return String(error);
  }
  const lines = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = relative(folder, path);
      // A folder's own time tells of its files, which stand here themselves.
      if (entry.isDirectory()) return JSON.stringify([name]);
      const { size, mtimeMs, ino } = await lstat(path).catch(() => gone);
      return JSON.stringify([name, size, mtimeMs, ino]);
    }),
  );
  return createHash("sha256").update(lines.sort().join("\n")).digest("base64");
}

const gone = { size: -1, mtimeMs: -1, ino: -1 };
