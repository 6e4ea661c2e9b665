/**
 * Version loads: the versions of a model that its policy allows, brought into the core as its folder
 * has them.
 *
 *   nothing has changed                       nothing
 *   its instances, or which versions          the version goes on serving, with those
 *   anything else, or it does not serve       it is loaded, beside itself if it serves
 *
 * All are tried; where one fails, all are what they were before. So many load at a time, of all
 * models together. Loads of one model come one after the other.
 *
 * Not here: what has changed (version-parts.ts), what a version becomes when its file is opened
 * (executor/repository-source.ts).
 */
import { join } from "node:path";
import type { InferenceCore, LoadOptions } from "../../core/inference-core.ts";
import type { ModelConfig } from "../../core/model-config.ts";
import type { PreparedLoad } from "../../core/model-loads.ts";
import type { HostOptions } from "../../executor/instance-hosts.ts";
import { configInPlace, repositorySource } from "../../executor/repository-source.ts";
import type { OfferedVersion } from "../../executor/warmup-files.ts";
import { readLabels } from "./label-file.ts";
import { LoadSlots } from "./load-slots.ts";
import { loadTogether } from "./load-together.ts";
import { modelFileWithin, warmupFileWithin } from "./model-file.ts";
import type { PolledFolder } from "./polled-folder.ts";
import { type VersionParts, versionChange, versionParts } from "./version-parts.ts";

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

const unchanged: PreparedLoad = { commit: () => {}, discard: async () => {} };

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
    const { name } = folder;
    const ready = readyVersions(core, name);
    const known = this.#parts.get(name) ?? new Map<number, VersionParts>();
    this.#parts.set(name, known);
    const parts = [...(await versionParts(folder))];
    await loadTogether(name, parts, ([version, now]) => {
      const before = ready.includes(version) ? known.get(version) : undefined;
      const loading = { version, now, before };
      return this.#slots.run(() => this.#prepare(folder, loading, options));
    });
    for (const [version, now] of parts) known.set(version, now);
    this.#unloadOthers(folder, known);
  }

  /** What its folder has no more, or its policy does not allow; it may have failed before. */
  #unloadOthers({ name, versions }: PolledFolder, known: Map<number, VersionParts>): void {
    const { core, hostOptions } = this.#options;
    for (const entry of core.index()) {
      const { version } = entry;
      if (entry.name !== name || version === undefined || versions.includes(version)) continue;
      known.delete(version);
      core.unload(name, version).catch((error: unknown) => {
        const about = { model: name, version, error };
        hostOptions.log.error(`model '${name}' version ${version} is not unloaded`, about);
      });
    }
  }

  /** It is unloaded. */
  forget(name: string): void {
    this.#parts.delete(name);
  }

  async #prepare(
    folder: PolledFolder,
    load: VersionLoad,
    options: LoadOptions,
  ): Promise<PreparedLoad> {
    const { core, hostOptions, retryCount } = this.#options;
    const { version, now, before } = load;
    const change = versionChange(before, now);
    if (change === "none") return unchanged;
    const given = this.#given(folder, version);
    const config = before && change === "inPlace" ? await this.#inPlace(given, before) : undefined;
    const attempt = async (): Promise<PreparedLoad> => {
      if (config !== undefined) return await this.#resize(config);
      if (before === undefined) await this.#untilUnloaded(folder.name, version);
      return await core.prepare(repositorySource(given, hostOptions), options);
    };
    for (let left = retryCount; left > 0; left -= 1) {
      try {
        return await attempt();
      } catch {
        // It is in the log.
      }
    }
    return await attempt();
  }

  /** What it still has may take its time. */
  async #untilUnloaded(name: string, version: number): Promise<void> {
    const { core } = this.#options;
    const isLeaving = core.index().some((entry) => {
      return entry.name === name && entry.version === version && entry.state === "UNLOADING";
    });
    if (isLeaving) await core.unload(name, version);
  }

  /** At once; what it was before is made again if others fail. */
  async #resize(config: ModelConfig): Promise<PreparedLoad> {
    const { core } = this.#options;
    const { config: before } = core.lookUp(config.name, config.version);
    await core.resize(config);
    // Where that fails, it serves on with what it has, and the log tells of it.
    return { ...unchanged, discard: () => core.resize(before).catch(() => {}) };
  }

  /** Undefined: it cannot be, or what is wrong with it is for a load to say. */
  async #inPlace(
    given: OfferedVersion,
    { config: before }: VersionParts,
  ): Promise<ModelConfig | undefined> {
    const { core, hostOptions } = this.#options;
    try {
      const { config: serving } = core.lookUp(given.name, given.version);
      return await configInPlace(given, { before, serving }, hostOptions.log);
    } catch {
      return undefined;
    }
  }

  #given({ name, path, config }: PolledFolder, version: number): OfferedVersion {
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
      warmupIn: (file) => warmupFileWithin(path, file),
    };
  }
}

function readyVersions(core: InferenceCore, name: string): readonly number[] {
  const entries = core.index().filter((entry) => entry.name === name && entry.state === "READY");
  return entries.flatMap(({ version }) => version ?? []);
}
