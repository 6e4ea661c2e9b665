/**
 * The model file of one version: as the configuration calls it. It may be a folder, for models with
 * weights in files of their own: then it is `model.onnx` in there.
 */
import { stat } from "node:fs/promises";
import { fileWithin, pathWithin } from "./within.ts";

const fileInFolder = "model.onnx";

/** Its real path. Rejects with an InferenceError. */
export async function modelFileWithin(folder: string, name: string): Promise<string> {
  const path = await pathWithin({ what: "model file", folder, name });
  if (!(await stat(path)).isDirectory()) return path;
  return await fileWithin({ what: `model file '${name}'`, folder: path, name: fileInFolder });
}
