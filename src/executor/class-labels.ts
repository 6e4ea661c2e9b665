/**
 * Labels of the classes of a repository model's outputs, from the files that its configuration names.
 */
import type { ModelConfig } from "../core/model-config.ts";
import type { RepositoryVersion } from "./repository-config.ts";

type LabelsByOutput = ReadonlyMap<string, readonly string[]>;

/** Rejects with an InferenceError if a file cannot be read. */
export async function labelsOf({ polled, labelsIn }: RepositoryVersion): Promise<LabelsByOutput> {
  const all = (polled.output ?? []).map(async ({ name = "", label_filename: file = "" }) => {
    return file === "" ? [] : [[name, await labelsIn(file, name)] as const];
  });
  return new Map((await Promise.all(all)).flat());
}

export function labelled(config: ModelConfig, labels: LabelsByOutput): ModelConfig {
  if (labels.size === 0) return config;
  const outputs = config.outputs.map((output) => {
    const own = labels.get(output.name);
    return own === undefined ? output : { ...output, labels: own };
  });
  return { ...config, outputs };
}
