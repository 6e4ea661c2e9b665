/**
 * Model repository: the models of folders, and how they come into the core and leave it.
 *
 *   folders (model-folders.ts) ──> config.pbtxt (config-text.ts) ──> polled ──> versions, each a load
 *
 * What is wrong with one model keeps no other from being loaded. A model that serves is loaded anew
 * beside itself; of one that has not changed since, nothing is loaded. What a client has overridden
 * holds until the files change, or the model is unloaded.
 *
 * Calls for one model run one after the other, those for several side by side. The models of an
 * ensemble's steps are loaded before it.
 *
 * Not here: what a version becomes when its file is opened (executor/repository-source.ts), when
 * folders are looked at.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { modelsOfSteps } from "../../core/config/ensemble-steps.ts";
import { polledConfig, pollFailure } from "../../core/config/prepare-config.ts";
import { chooseVersions, noVersion } from "../../core/config/version-policy.ts";
import type { InferenceCore, LoadOptions } from "../../core/inference-core.ts";
import type { LoadOverride, ModelControl } from "../../core/inference-service.ts";
import { reasonOf } from "../../core/repository.ts";
import type { HostOptions } from "../../executor/instance-hosts.ts";
import { repositorySource } from "../../executor/repository-source.ts";
import { readConfigJson } from "../../protocol/config-json.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import type { LoadingModel } from "../load-progress.ts";
import { maxConfigBytes, readConfigText } from "./config-text.ts";
import { folderState } from "./folder-state.ts";
import { readLabels } from "./label-file.ts";
import { modelFileWithin, warmupFileWithin } from "./model-file.ts";
import {
  type ModelFolder,
  readModelFolder,
  readModelFolders,
  uploadedFolder,
} from "./model-folders.ts";
import { StepLoads } from "./step-loads.ts";
import { removeUpload, writeUpload } from "./uploads.ts";
import { fileWithin } from "./within.ts";

export interface ModelRepositoryOptions {
  readonly folders: readonly string[];
  readonly core: InferenceCore;
  readonly hostOptions: HostOptions;
  /** Configurations are completed by what the models say of themselves. */
  readonly completes: boolean;
  /** Most rows of a batch that nobody has written; 0: none. */
  readonly defaultMaxBatchSize: number;
}

/** What a model was loaded from. */
interface Loaded {
  /** Of its folder, and what was overridden. */
  readonly state: string;
  readonly override: string | undefined;
  /** Its folder, if a client has sent it. */
  readonly upload: string | undefined;
  /** Of an ensemble: the models of its steps. */
  readonly steps: readonly string[];
}

type Found = ModelFolder | InferenceError | undefined;

/** Loads a model as its folder has it. */
type Load = (name: string) => Promise<void>;

const configFile = "config.pbtxt";

const missing = "there is no such model in the model repositories";

const noOverride: LoadOverride = { config: undefined, files: new Map() };

export class ModelRepository implements ModelControl {
  readonly #options: ModelRepositoryOptions;
  readonly #loaded = new Map<string, Loaded>();
  /** The latest call for each model, until it has ended. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #stepLoads = new StepLoads();

  constructor(options: ModelRepositoryOptions) {
    this.#options = options;
  }

  /** Begins to load all models there are, or those of these names. */
  async loadAll(options: LoadOptions, names?: readonly string[]): Promise<readonly LoadingModel[]> {
    const folders = await readModelFolders(this.#options.folders);
    const absent = (name: string): InferenceError | undefined => {
      return names?.includes(name) ? pollFailure(name, missing) : undefined;
    };
    const load = this.#loader(options, (name) => folders.get(name) ?? absent(name));
    return (names ?? [...folders.keys()]).map((name) => ({ name, load: load(name) }));
  }

  /** How all models look, by name. */
  async states(): Promise<ReadonlyMap<string, string>> {
    const folders = await readModelFolders(this.#options.folders);
    const states = [...folders].map(async ([name, folder]) => {
      const state = folder instanceof InferenceError ? folder.message : folderState(folder.path);
      return [name, await state] as const;
    });
    return new Map(await Promise.all(states));
  }

  load(name: string, override: LoadOverride): Promise<void> {
    return this.#inTurn(name, async () => {
      const folder = await this.#folderOf(name, override);
      const options = { failureLevel: "error" } as const;
      const load = this.#loader(options, (step) => readModelFolder(this.#options.folders, step));
      await this.#loadFolder(folder, override, options, load);
    });
  }

  unload(name: string): Promise<void> {
    const { core, hostOptions } = this.#options;
    return new Promise((resolve) => {
      const unloading = this.#inTurn(name, async () => {
        const { upload } = this.#loaded.get(name) ?? {};
        this.#loaded.delete(name);
        const unloaded = core.unload(name);
        // What runs may take its time.
        resolve();
        await unloaded;
        if (upload !== undefined) await removeUpload(upload);
      });
      unloading.catch((error: unknown) => {
        hostOptions.log.error(`model '${name}' is not unloaded`, { model: name, error });
      });
    });
  }

  /** Of a core that has stopped: nothing is left of what clients have sent. */
  async close(): Promise<void> {
    const sent = [...this.#loaded.values()].flatMap(({ upload }) => upload ?? []);
    this.#loaded.clear();
    await Promise.all(sent.map(removeUpload));
  }

  async #folderOf(name: string, { config, files }: LoadOverride): Promise<ModelFolder> {
    checkName(name);
    if (files.size === 0) {
      const folder = await readModelFolder(this.#options.folders, name);
      if (folder instanceof InferenceError) throw pollFailure(name, folder.message);
      if (folder !== undefined) return folder;
      throw pollFailure(name, missing);
    }
    if (config === undefined) {
      const why = "Load parameter 'config' must be specified for model file override";
      throw pollFailure(name, why);
    }
    const upload = await writeUpload(files).catch((error: unknown) => {
      throw pollFailure(name, InferenceError.from(error).message);
    });
    return await uploadedFolder(name, upload);
  }

  /**
   * Each model once. What is not in a folder may be there all the same: a client has sent it, or it
   * was defined in code.
   */
  #loader(options: LoadOptions, folderOf: (name: string) => Found | Promise<Found>): Load {
    const loads = new Map<string, Promise<void>>();
    const load: Load = (name) => {
      const known = loads.get(name);
      if (known !== undefined) return known;
      const loading = this.#inTurn(name, async () => {
        const folder = await folderOf(name);
        const isSent = this.#loaded.get(name)?.upload !== undefined;
        if (folder !== undefined && !isSent) {
          await this.#loadFolder(folder, noOverride, options, load);
        }
      });
      loads.set(name, loading);
      return loading;
    };
    return load;
  }

  /** All versions that its policy allows; those that serve and are none of them are unloaded. */
  async #loadFolder(
    folder: ModelFolder | InferenceError,
    { config }: LoadOverride,
    options: LoadOptions,
    load: Load,
  ): Promise<void> {
    if (folder instanceof InferenceError) throw folder;
    const { core } = this.#options;
    const { name, path, upload } = folder;
    const before = this.#loaded.get(name);
    const files = await folderState(path);
    const isSame = before?.state === files && upload === undefined;
    const override = config ?? (isSame ? before.override : undefined);
    const ready = readyVersions(core, name);
    if (isSame && override === before.override && ready.length > 0) {
      await this.#stepLoads.ended(name, before.steps, load);
      return;
    }
    let steps: readonly string[];
    try {
      const polled = await this.#poll(folder, override);
      steps = modelsOfSteps(polled);
      const { versions } = chooseVersions(polled.version_policy ?? {}, folder.versions);
      if (versions.length === 0) throw loadFailure(name, noVersion(name));
      await this.#stepLoads.ended(name, steps, load);
      await this.#loadVersions(folder, versions, polled, options);
      const others = ready.filter((version) => !versions.includes(version));
      for (const version of others) void core.unload(name, version);
    } catch (error) {
      if (upload !== undefined) await removeUpload(upload);
      throw error;
    }
    this.#loaded.set(name, { state: files, override, upload, steps });
    if (before?.upload !== undefined) await removeUpload(before.upload);
  }

  async #loadVersions(
    folder: ModelFolder,
    versions: readonly number[],
    polled: WrittenConfig,
    options: LoadOptions,
  ): Promise<void> {
    const { core, hostOptions, completes, defaultMaxBatchSize } = this.#options;
    const { name, path } = folder;
    const ends = await Promise.allSettled(
      versions.map((version) => {
        const at = join(path, String(version));
        const given = {
          name,
          version,
          polled,
          completes,
          defaultMaxBatchSize,
          fileOf: (file: string) => modelFileWithin(at, file),
          labelsIn: (file: string, output: string) => {
            return readLabels({ folder: path, model: name, output, file });
          },
          warmupIn: (file: string) => warmupFileWithin(path, file),
        };
        return core.replace(repositorySource(given, hostOptions), options);
      }),
    );
    const failures = ends.flatMap((end, index) => {
      if (end.status === "fulfilled") return [];
      const reason = reasonOf(InferenceError.from(end.reason));
      return `version ${versions[index]} is at UNAVAILABLE state: ${reason};`;
    });
    if (failures.length > 0) throw loadFailure(name, failures.join("\n"));
  }

  async #poll(
    { name, path, versions }: ModelFolder,
    override: string | undefined,
  ): Promise<WrittenConfig> {
    const written = override === undefined ? await readConfig(path) : overridden(name, override);
    const highest = versions.at(-1);
    const files = highest === undefined ? [] : await readdir(join(path, String(highest)));
    return polledConfig(written, { name, files, completes: this.#options.completes });
  }

  /** When all before it for this model have ended, however they did. */
  #inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const running = before.then(work, work);
    const ended = running.then(
      () => {},
      () => {},
    );
    this.#turns.set(name, ended);
    void ended.then(() => {
      if (this.#turns.get(name) === ended) this.#turns.delete(name);
    });
    return running;
  }
}

function readyVersions(core: InferenceCore, name: string): readonly number[] {
  const entries = core.index().filter((entry) => entry.name === name && entry.state === "READY");
  return entries.flatMap(({ version }) => version ?? []);
}

function checkName(name: string): void {
  if (name === "") {
    const why = "Model name cannot be empty. Please enter a valid name to deploy.";
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  if (!/[/\\\0]/.test(name) && name !== ".." && name !== ".") return;
  const why = "model name must not contain path traversal characters";
  throw new InferenceError("INVALID_ARGUMENT", `invalid model name '${name}', ${why}`);
}

function loadFailure(name: string, why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", `load failed for model '${name}': ${why}\n`);
}

function overridden(name: string, json: string): WrittenConfig {
  try {
    return readConfigJson(json);
  } catch (error) {
    const { message } = InferenceError.from(error);
    throw pollFailure(name, `Invalid config override: ${message}`);
  }
}

/** Without a file, everything is to be completed. */
async function readConfig(folder: string): Promise<WrittenConfig> {
  const names = await readdir(folder);
  if (!names.includes(configFile)) return {};
  const named = { what: "configuration", folder, name: configFile, maxBytes: maxConfigBytes };
  const path = await fileWithin(named);
  return readConfigText(await readFile(path), join(folder, configFile));
}
