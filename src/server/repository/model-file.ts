/**
 * Files of a model, as its configuration calls them.
 *
 * The model file of one version may be a folder, for models with weights in files of their own: then
 * it is `model.onnx` in there.
 */
import { stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileWithin, nameWithin, pathWithin } from "./within.ts";

const fileInFolder = "model.onnx";
const warmupFolder = "warmup";

/** Its real path. Rejects with an InferenceError. */
export async function modelFileWithin(folder: string, name: string): Promise<string> {
  const path = await pathWithin({ what: "model file", folder, name });
  if (!(await stat(path)).isDirectory()) return path;
  return await fileWithin({ what: `model file '${name}'`, folder: path, name: fileInFolder });
}

/** The same for a file of the warm-up; `model` is the folder of the model. */
export async function warmupFileWithin(model: string, name: string): Promise<string> {
  const what = "warm-up file";
  const folder = join(model, warmupFolder);
  const named = relative(model, nameWithin({ what, folder, name }));
  // That folder itself may be a link: to nowhere outside of the model.
  return await fileWithin({ what, folder: model, name: named });
}
