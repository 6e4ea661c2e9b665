/**
 * Warm-up files of a repository's model: where they lie is found out before the model is, so that
 * what is no file of its folder is told as a mistake, and never opened.
 *
 * Not here: what they hold (warmup-batches.ts).
 */
import { assert } from "../assert.ts";
import type { RepositoryVersion } from "./repository-config.ts";

export interface OfferedVersion extends Omit<RepositoryVersion, "warmupFile"> {
  /** Where a file of its warm-up lies, by its name in the configuration. Rejects if it is none. */
  readonly warmupIn: (name: string) => Promise<string>;
}

/** Rejects with an InferenceError. */
export async function withWarmupFiles(offered: OfferedVersion): Promise<RepositoryVersion> {
  const samples = offered.polled.model_warmup ?? [];
  const names = samples.flatMap(({ inputs = {} }) => {
    return Object.values(inputs).flatMap(({ input_data_file: name }) => name ?? []);
  });
  const found = await Promise.all(
    [...new Set(names)].map(async (name) => [name, await offered.warmupIn(name)] as const),
  );
  const paths = new Map(found);
  const warmupFile = (name: string): string => {
    const path = paths.get(name);
    assert(path !== undefined, "what is completed names no other files than what was written");
    return path;
  };
  return { ...offered, warmupFile };
}
