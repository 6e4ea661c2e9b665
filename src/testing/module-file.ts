/**
 * A module of a user's, as a file for the length of a test. What it imports from "shoal" and
 * "shoal/onnx" comes from this very build, wherever that lies.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const entries: Readonly<Record<string, string>> = {
  '"shoal"': JSON.stringify(new URL("../index.js", import.meta.url).href),
  '"shoal/onnx"': JSON.stringify(new URL("../onnx.js", import.meta.url).href),
};

/** Calls `use` with the URL of a file of this name and text, and removes it afterwards. */
export async function withModule<Result>(
  name: string,
  text: string,
  use: (url: string) => Result | Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-module-"));
  try {
    const path = join(folder, name);
    await writeFile(
      path,
      text.replace(/"shoal(\/onnx)?"/g, (name) => entries[name] ?? name),
    );
    return await use(pathToFileURL(path).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}
