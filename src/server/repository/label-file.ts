/**
 * Label file: a text whose line i is the name of class i of an output.
 *
 * It lies in the model's folder, beside its versions. A line ends with LF or CRLF; an empty one, and
 * those that are missing, are classes without a label. Bytes that are no UTF-8 are replaced.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceError } from "../../protocol/errors.ts";
import { fileFailure } from "./file-failure.ts";
import { fileWithin } from "./within.ts";

export interface LabelFile {
  readonly folder: string;
  readonly model: string;
  readonly output: string;
  /** In the model's configuration. */
  readonly file: string;
}

/** More is no text of labels. */
const maxBytes = 64 * 1024 * 1024;

/** Rejects with an InferenceError, in the protocol's words. */
export async function readLabels(label: LabelFile): Promise<readonly string[]> {
  const { folder, model, output, file } = label;
  const what = `label file path '${file}' for output '${output}' in model '${model}'`;
  const outside = `${what} is outside model directory`;
  try {
    const path = await fileWithin({ what: "label file", folder, name: file, outside, maxBytes });
    return (await readFile(path, "utf8")).split(/\r?\n/);
  } catch (error) {
    const { cause } = InferenceError.from(error);
    if ((cause as NodeJS.ErrnoException | undefined)?.code !== "ENOENT") {
      throw fileFailure(`label file '${file}' of model '${model}' cannot be read`, error);
    }
    const why = `failed to open text file for read ${join(folder, file)}`;
    throw new InferenceError("INTERNAL", `${why}: No such file or directory`, { cause });
  }
}
