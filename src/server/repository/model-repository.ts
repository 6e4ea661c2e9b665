/**
 * Model repository: the models of folders, and how they come into the core and leave it.
 *
 *   folders (model-folders.ts) ──> config.pbtxt (config-text.ts) ──> polled ──> versions, each a load
 *
 * What is wrong with one model keeps no other from being loaded. What a client has overridden holds
 * until the files change, or the model is unloaded.
 *
 * Calls for one model run one after the other, those for several side by side. The models of an
 * ensemble's steps are loaded before it.
 *
 * Not here: loading its versions (version-loads.ts), when folders are looked at
 * (served-repositories.ts).
 */
import { modelsOfSteps } from "../../core/config/ensemble-steps.ts";
import { pollFailure } from "../../core/config/prepare-config.ts";
import type { LoadOptions } from "../../core/inference-core.ts";
import type {
  LoadOverride,
  ModelControl,
  ModelIndexEntry,
  UnloadOptions,
} from "../../core/inference-service.ts";
import { reasonOf } from "../../core/repository.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { LoadingModel } from "../load-progress.ts";
import { folderState } from "./folder-state.ts";
import {
  type ModelFolder,
  readModelFolder,
  readModelFolders,
  uploadedFolder,
} from "./model-folders.ts";
import { ModelTurns } from "./model-turns.ts";
import { checkName, type PolledFolder, type PollOptions, pollFolder } from "./polled-folder.ts";
import { StepLoads } from "./step-loads.ts";
import { removeUpload, writeUpload } from "./uploads.ts";
import { VersionLoads, type VersionLoadsOptions } from "./version-loads.ts";

export interface ModelRepositoryOptions extends PollOptions, VersionLoadsOptions {
  readonly folders: readonly string[];
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
  /** Somebody has named it, or all; else it came along, as a step of an ensemble. */
  readonly isAsked: boolean;
}

/** An error: why what is there cannot be it. */
type Found = ModelFolder | InferenceError | undefined;

/** Loads a model as its folder has it. */
type Load = (name: string) => Promise<void>;

interface Loading extends LoadOptions {
  readonly override: LoadOverride;
  readonly isAsked: boolean;
  readonly loadStep: Load;
}

interface Unloading {
  /** Resolves when nothing of it is left. */
  readonly unloaded: Promise<void>;
  readonly steps: readonly string[];
}

const missing = new InferenceError(
  "INVALID_ARGUMENT",
  "there is no such model in the model repositories",
);

const noDependents: UnloadOptions = { dependents: false };

const noOverride: LoadOverride = { config: undefined, files: new Map() };

export class ModelRepository implements ModelControl {
  readonly #options: ModelRepositoryOptions;
  readonly #loaded = new Map<string, Loaded>();
  /** Why the last load of a model's folder has not come as far as the core, by name. */
  readonly #failures = new Map<string, InferenceError>();
  /** The models of the steps of ensembles that load just now. */
  readonly #needed = new Map<string, readonly string[]>();
  readonly #turns = new ModelTurns();
  readonly #stepLoads = new StepLoads();
  readonly #versions: VersionLoads;

  constructor(options: ModelRepositoryOptions) {
    this.#options = options;
    this.#versions = new VersionLoads(options);
  }

  /** Begins to load all models there are, or those of these names. */
  async loadAll(options: LoadOptions, names?: readonly string[]): Promise<readonly LoadingModel[]> {
    const folders = await readModelFolders(this.#options.folders);
    const asked = names ?? [...folders.keys()];
    const absent = (name: string): Found => (asked.includes(name) ? missing : undefined);
    const load = this.#loader(options, asked, (name) => folders.get(name) ?? absent(name));
    return asked.map((name) => ({ name, load: load(name) }));
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

  /** The core's, and what there is in folders that has never come as far. */
  async index(): Promise<readonly ModelIndexEntry[]> {
    const folders = await readModelFolders(this.#options.folders);
    const served = this.#options.core.index();
    const names = new Set(served.map(({ name }) => name));
    const others = [...folders].filter(([name]) => !names.has(name));
    const all = [...served, ...others.map(([name, found]) => this.#unserved(name, found))];
    return all.sort((one, other) => Number(one.name > other.name) - Number(one.name < other.name));
  }

  load(name: string, override: LoadOverride): Promise<void> {
    return this.#turns.run(name, async () => {
      checkName(name);
      const options = { failureLevel: "error" } as const;
      const loadStep = this.#loader(options, [], (step) => {
        return readModelFolder(this.#options.folders, step);
      });
      const loading = { ...options, override, isAsked: true, loadStep };
      await this.#loadFolder(name, () => this.#folderOf(name, override), loading);
    });
  }

  async unload(name: string, { dependents }: UnloadOptions = noDependents): Promise<void> {
    const steps = await this.#unload(name);
    if (!dependents) return;
    const unused = steps.filter((step) => this.#isUnused(step));
    await Promise.all(unused.map((step) => this.unload(step, { dependents })));
  }

  /** Resolves, with the models of its steps, when it takes no new requests. */
  #unload(name: string): Promise<readonly string[]> {
    return new Promise((resolve) => {
      void this.#turns.run(name, async () => {
        const { unloaded, steps } = this.#beginUnload(name);
        // What runs may take its time.
        resolve(steps);
        await unloaded;
      });
    });
  }

  #beginUnload(name: string): Unloading {
    const { core, hostOptions } = this.#options;
    const { upload, steps = [] } = this.#loaded.get(name) ?? {};
    this.#loaded.delete(name);
    this.#failures.delete(name);
    this.#versions.forget(name);
    const unloaded = core
      .unload(name)
      .then(() => (upload === undefined ? undefined : removeUpload(upload)))
      .catch((error: unknown) => {
        hostOptions.log.error(`model '${name}' is not unloaded`, { model: name, error });
      });
    return { unloaded, steps };
  }

  /** Of a core that has stopped: nothing is left of what clients have sent. */
  async close(): Promise<void> {
    await this.#turns.ended();
    const sent = [...this.#loaded.values()].flatMap(({ upload }) => upload ?? []);
    this.#loaded.clear();
    await Promise.all(sent.map(removeUpload));
  }

  /** It came along with an ensemble, and no other needs it. */
  #isUnused(step: string): boolean {
    const needing = [...this.#needed.values(), ...[...this.#loaded.values()].map(stepsOf)];
    return this.#loaded.get(step)?.isAsked === false && !needing.flat().includes(step);
  }

  #unserved(name: string, found: ModelFolder | InferenceError): ModelIndexEntry {
    const entry = { name, version: undefined };
    if (found instanceof InferenceError) {
      return { ...entry, state: "UNAVAILABLE", reason: found.message };
    }
    const failure = this.#failures.get(name);
    if (failure === undefined) return { ...entry, state: "UNKNOWN", reason: "" };
    return { ...entry, state: "UNAVAILABLE", reason: reasonOf(failure) };
  }

  async #folderOf(name: string, { config, files }: LoadOverride): Promise<Found> {
    if (files.size === 0) return await readModelFolder(this.#options.folders, name);
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
  #loader(
    options: LoadOptions,
    asked: readonly string[],
    folderOf: (name: string) => Found | Promise<Found>,
  ): Load {
    const loads = new Map<string, Promise<void>>();
    const loadStep: Load = (name) => {
      const known = loads.get(name);
      if (known !== undefined) return known;
      const loading = this.#turns.run(name, async () => {
        const found = await folderOf(name);
        const isSent = this.#loaded.get(name)?.upload !== undefined;
        if (found === undefined || isSent) return;
        const isAsked = asked.includes(name);
        const plan = { ...options, override: noOverride, isAsked, loadStep };
        await this.#loadFolder(name, () => found, plan);
      });
      loads.set(name, loading);
      return loading;
    };
    return loadStep;
  }

  async #loadFolder(
    name: string,
    folderOf: () => Found | Promise<Found>,
    loading: Loading,
  ): Promise<void> {
    const before = this.#loaded.get(name);
    const isAsked = loading.isAsked || before?.isAsked === true;
    const folder = await this.#told(loading, name, async () => {
      const found = (await folderOf()) ?? missing;
      if (!(found instanceof InferenceError)) return found;
      // What a client has sent stands for no folder any more.
      if (before?.upload !== undefined) this.#beginUnload(name);
      throw pollFailure(name, found.message);
    });
    const { path, upload } = folder;
    try {
      const state = await folderState(path);
      const isSame = before?.state === state && upload === undefined;
      const override = loading.override.config ?? (isSame ? before.override : undefined);
      const polled = await this.#poll(folder, override, loading);
      const steps = modelsOfSteps(polled.config);
      this.#needed.set(name, steps);
      await this.#stepLoads.ended(name, steps, loading.loadStep);
      await this.#versions.load(polled, loading);
      this.#loaded.set(name, { state, override, upload, steps, isAsked });
    } catch (error) {
      if (upload !== undefined) await removeUpload(upload);
      throw error;
    } finally {
      this.#needed.delete(name);
    }
    if (before?.upload !== undefined) await removeUpload(before.upload);
  }

  /** Keeps for the index why it fails: the core has nothing of it yet. */
  async #poll(
    folder: ModelFolder,
    override: string | undefined,
    options: LoadOptions,
  ): Promise<PolledFolder> {
    const { name, upload } = folder;
    this.#failures.delete(name);
    return await this.#told(options, name, async () => {
      try {
        return await pollFolder(folder, override, this.#options);
      } catch (error) {
        if (upload === undefined) this.#failures.set(name, InferenceError.from(error));
        throw error;
      }
    });
  }

  /** What fails before the core hears of it is told here. */
  async #told<T>(
    { failureLevel = "error" }: LoadOptions,
    model: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (reason) {
      const error = InferenceError.from(reason);
      this.#options.hostOptions.log[failureLevel](error.message.trim(), { model, error });
      throw error;
    }
  }
}

function stepsOf({ steps }: Loaded): readonly string[] {
  return steps;
}
