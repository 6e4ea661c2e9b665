/**
 * Version loads: the versions of a model that its policy allows, brought into the core as its folder
 * has them.
 *
 *   nothing has changed                       nothing
 *   its instances, or which versions          the version goes on serving, with those
 *   anything else, or it does not serve       it is loaded, beside itself if it serves
 *
 * All are tried; one that fails leaves the others, and what it was before, as they are. So many load
 * at a time, of all models together. Loads of one model come one after the other.
 *
 * Not here: what has changed (version-parts.ts), what a version becomes when its file is opened
 * (executor/repository-source.ts).
 */
import { join } from "node:path";
import type { InferenceCore, LoadOptions } from "../../core/inference-core.ts";
import type { ModelConfig } from "../../core/model-config.ts";
import { reasonOf } from "../../core/repository.ts";
import type { HostOptions } from "../../executor/instance-hosts.ts";
import type { RepositoryVersion } from "../../executor/repository-config.ts";
import { configInPlace, repositorySource } from "../../executor/repository-source.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { readLabels } from "./label-file.ts";
import { LoadSlots } from "./load-slots.ts";
import { modelFileWithin } from "./model-file.ts";
import { loadFailure, type PolledFolder } from "./polled-folder.ts";
import { type VersionParts, versionChange, versionParts } from "./version-parts.ts";
import { nameWithin } from "./within.ts";

export interface VersionLoadsOptions {
  readonly core: InferenceCore;
  readonly hostOptions: HostOptions;
  /** Configurations are completed by what the models say of themselves. */
  readonly completes: boolean;
  /** Most rows of a batch that nobody has written; 0: none. */
  readonly defaultMaxBatchSize: number;
  /** Versions that load at once, of all models together. */
  readonly loadCount: number;
  /** How often more a version is tried that has failed to load. */
  readonly retryCount: number;
}

interface VersionLoad {
  readonly version: number;
  readonly now: VersionParts;
  /** Of what serves. */
  readonly before: VersionParts | undefined;
}

export class VersionLoads {
  readonly #options: VersionLoadsOptions;
  readonly #slots: LoadSlots;
  /** What was loaded last, by name and version. */
  readonly #parts = new Map<string, Map<number, VersionParts>>();

  constructor(options: VersionLoadsOptions) {
    this.#options = options;
    this.#slots = new LoadSlots(options.loadCount);
  }

  /** Those that serve and are not among the versions are unloaded. Rejects as clients hear. */
  async load(folder: PolledFolder, options: LoadOptions): Promise<void> {
    const { core } = this.#options;
    const { name, versions } = folder;
    const ready = readyVersions(core, name);
    const known = this.#parts.get(name) ?? new Map<number, VersionParts>();
    this.#parts.set(name, known);
    const parts = [...(await versionParts(folder))];
    const ends = await Promise.allSettled(
      parts.map(([version, now]) => {
        const before = ready.includes(version) ? known.get(version) : undefined;
        const loading = { version, now, before };
        return this.#slots.run(async () => {
          await this.#load(folder, loading, options);
          known.set(version, now);
        });
      }),
    );
    const failures = ends.flatMap((end, index) => {
      if (end.status === "fulfilled") return [];
      const reason = reasonOf(InferenceError.from(end.reason));
      return `version ${versions[index]} is at UNAVAILABLE state: ${reason};`;
    });
    if (failures.length > 0) throw loadFailure(name, failures.join("\n"));
    const others = ready.filter((version) => !versions.includes(version));
    for (const version of others) {
      known.delete(version);
      void core.unload(name, version);
    }
  }

  /** It is unloaded. */
  forget(name: string): void {
    this.#parts.delete(name);
  }

  async #load(folder: PolledFolder, load: VersionLoad, options: LoadOptions): Promise<void> {
    const { core, hostOptions, retryCount } = this.#options;
    const { version, now, before } = load;
    const change = versionChange(before, now);
    if (change === "none") return;
    const given = this.#given(folder, version);
    const config = before && change === "inPlace" ? this.#inPlace(given, before) : undefined;
    const attempt = async (): Promise<void> => {
      if (config === undefined) await core.replace(repositorySource(given, hostOptions), options);
      else await core.resize(config);
    };
    for (let left = retryCount; left > 0; left -= 1) {
      try {
        await attempt();
        return;
      } catch {
        // It is in the log.
      }
    }
    await attempt();
  }

  /** Undefined: it cannot be, or what is wrong with it is for a load to say. */
  #inPlace(given: RepositoryVersion, { config: before }: VersionParts): ModelConfig | undefined {
    const { core, hostOptions } = this.#options;
    try {
      const { config: serving } = core.lookUp(given.name, given.version);
      return configInPlace(given, { before, serving }, hostOptions.log);
    } catch {
      return undefined;
    }
  }

  #given({ name, path, config }: PolledFolder, version: number): RepositoryVersion {
    const { completes, defaultMaxBatchSize } = this.#options;
    const at = join(path, String(version));
    return {
      name,
      version,
      polled: config,
      completes,
      defaultMaxBatchSize,
      fileOf: (file) => modelFileWithin(at, file),
      labelsIn: (file, output) => readLabels({ folder: path, model: name, output, file }),
      warmupFile: (file) => {
        return nameWithin({ what: "warm-up file", folder: join(path, "warmup"), name: file });
      },
    };
  }
}

function readyVersions(core: InferenceCore, name: string): readonly number[] {
  const entries = core.index().filter((entry) => entry.name === name && entry.state === "READY");
  return entries.flatMap(({ version }) => version ?? []);
}
