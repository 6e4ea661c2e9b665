/**
 * A model of a repository in JavaScript or TypeScript, looked at as a load would: its module is
 * imported in a thread that ends, and joined with the configuration beside it.
 */
import { join } from "node:path";
import type { Log } from "../core/log.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { resolveInstances } from "../core/resolve-model-config.ts";
import { readModule } from "../executor/module-source.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";
import { modelFileWithin } from "../server/repository/model-file.ts";
import type { ModelFolder } from "../server/repository/model-folders.ts";
import { SystemClock } from "../server/system-clock.ts";

export interface ModuleVersion {
  readonly folder: ModelFolder;
  readonly version: number;
  readonly polled: WrittenConfig;
  readonly cores: number;
  /** Told what is only warned of. */
  readonly warn: (warning: string) => void;
}

export interface CheckedModule {
  readonly config: ModelConfig;
  readonly instances: number;
  readonly threads: number;
  readonly asksForBatches: boolean;
}

/** Rejects with an InferenceError. */
export async function checkModule(module: ModuleVersion): Promise<CheckedModule> {
  const { folder, version, polled, cores, warn } = module;
  const given = {
    name: folder.name,
    version,
    polled,
    completes: true,
    // A definition says it.
    defaultMaxBatchSize: 0,
    fileOf: (file: string) => modelFileWithin(join(folder.path, String(version)), file),
    labelsIn: () => Promise.resolve([]),
    warmupFile: (file: string) => join(folder.path, "warmup", file),
  };
  const nothing = (): void => {};
  const log: Log = { verbose: nothing, info: nothing, warning: warn, error: nothing };
  const { signal } = new AbortController();
  const { config, options } = await readModule(given, { clock: new SystemClock(), log, signal });
  const machine = { defaultKind: "thread", cores } as const;
  const instances = resolveInstances({ ...machine, options }).devices.length;
  const { batching, maxBatchSize = 0 } = options;
  const asksForBatches = typeof batching === "object" || maxBatchSize > 1;
  // Each computes with its own.
  return { config, instances, threads: instances, asksForBatches };
}
