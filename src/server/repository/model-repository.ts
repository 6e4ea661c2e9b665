/**
 * Model repository: the models of folders, and how they come into the core.
 *
 *   folders (model-folders.ts) ──> config.pbtxt (config-text.ts) ──> polled ──> versions, each a load
 *
 * What is wrong with one model keeps no other from being loaded.
 *
 * Not here: what a version becomes when its file is opened (executor/repository-source.ts), when
 * folders are looked at.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { polledConfig } from "../../core/config/prepare-config.ts";
import { chooseVersions, noVersion } from "../../core/config/version-policy.ts";
import type { InferenceCore, LoadOptions } from "../../core/inference-core.ts";
import type { HostOptions } from "../../executor/instance-hosts.ts";
import { repositorySource } from "../../executor/repository-source.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import { readConfigText } from "./config-text.ts";
import { type ModelFolder, readModelFolders } from "./model-folders.ts";
import { fileWithin, nameWithin } from "./within.ts";

export interface ModelRepositoryOptions {
  readonly folders: readonly string[];
  readonly core: InferenceCore;
  readonly hostOptions: HostOptions;
  /** Configurations are completed by what the models say of themselves. */
  readonly completes: boolean;
  /** Most rows of a batch that nobody has written; 0: none. */
  readonly defaultMaxBatchSize: number;
}

const configFile = "config.pbtxt";

export class ModelRepository {
  readonly #options: ModelRepositoryOptions;

  constructor(options: ModelRepositoryOptions) {
    this.#options = options;
  }

  /** All models there are. Rejects, when all have been tried, with the first error. */
  async loadAll(options: LoadOptions): Promise<void> {
    const folders = await readModelFolders(this.#options.folders);
    const loads = [...folders.values()].map((folder) => this.#load(folder, options));
    const failed = (await Promise.allSettled(loads)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  /** All versions that its policy allows. */
  async #load(folder: ModelFolder | InferenceError, options: LoadOptions): Promise<void> {
    if (folder instanceof InferenceError) throw folder;
    const { core, hostOptions, completes, defaultMaxBatchSize } = this.#options;
    const { name, path } = folder;
    const polled = await this.#poll(folder);
    const { versions } = chooseVersions(polled.version_policy ?? {}, folder.versions);
    if (versions.length === 0) {
      const why = `load failed for model '${name}': ${noVersion(name)}\n`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    const loads = versions.map((version) => {
      const at = join(path, String(version));
      const given = {
        name,
        version,
        polled,
        completes,
        defaultMaxBatchSize,
        fileOf: (file: string) => fileWithin({ what: "model file", folder: at, name: file }),
        warmupFile: (file: string) => {
          return nameWithin({ what: "warm-up file", folder: join(path, "warmup"), name: file });
        },
      };
      return core.replace(repositorySource(given, hostOptions), options);
    });
    await Promise.all(loads);
  }

  async #poll({ name, path, versions }: ModelFolder): Promise<WrittenConfig> {
    const written = await readConfig(path);
    const highest = versions.at(-1);
    const files = highest === undefined ? [] : await readdir(join(path, String(highest)));
    return polledConfig(written, { name, files, completes: this.#options.completes });
  }
}

/** Without a file, everything is to be completed. */
async function readConfig(folder: string): Promise<WrittenConfig> {
  const names = await readdir(folder);
  if (!names.includes(configFile)) return {};
  const path = await fileWithin({ what: "configuration", folder, name: configFile });
  return readConfigText(await readFile(path), join(folder, configFile));
}
