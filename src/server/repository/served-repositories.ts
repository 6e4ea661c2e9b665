/**
 * Served repositories: which of their models are loaded when, by the mode of control.
 *
 *   none       all at the start
 *   explicit   those that are named at the start, and whatever clients ask for
 *   poll       all at the start, and what changes in the folders; with `watch` more often
 *
 * What reads configurations is imported when there are repositories: others do without it.
 *
 * Not here: loading (model-repository.ts), looking again (repository-poller.ts).
 */
import type { Clock } from "../../core/clock.ts";
import type { InferenceCore, LoadOptions } from "../../core/inference-core.ts";
import type { ModelControl, ModelIndexEntry, ModelLister } from "../../core/inference-service.ts";
import type { Log } from "../../core/log.ts";
import { serverStopping } from "../../core/stopping.ts";
import type { HostOptions } from "../../executor/instance-hosts.ts";
import { readBackendConfig } from "../backend-config.ts";
import type { LoadingModel } from "../load-progress.ts";
import type { ResolvedServerOptions } from "../server-options.ts";
import type { ModelRepository } from "./model-repository.ts";
import { RepositoryPoller } from "./repository-poller.ts";

export interface RepositoryServices {
  readonly core: InferenceCore;
  readonly hostOptions: HostOptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** What has been saved is loaded when it looked the same twice. */
const watchPauseMs = 500;

export class ServedRepositories implements ModelLister {
  /** Undefined: clients load and unload nothing. */
  readonly control: ModelControl | undefined;
  readonly #options: ResolvedServerOptions;
  readonly #services: RepositoryServices;
  readonly #folders: readonly string[];
  #repository: Promise<ModelRepository> | undefined;
  #poller: RepositoryPoller | undefined;
  #isClosed = false;

  constructor(options: ResolvedServerOptions, services: RepositoryServices) {
    this.#options = options;
    this.#services = services;
    this.#folders = [options.modelRepository].flat();
    this.control =
      options.modelControlMode === "explicit" && this.#folders.length > 0
        ? {
            load: (...asked) => this.#load(...asked),
            unload: async (...asked) => await (await this.#opened()).unload(...asked),
          }
        : undefined;
  }

  /** Begins to load what is to be there at the start. Rejects for a folder that cannot be read. */
  async loadAtStart(options: LoadOptions): Promise<readonly LoadingModel[]> {
    const { modelControlMode, repositoryPollSecs, watch, loadModel } = this.#options;
    if (this.#folders.length === 0) return [];
    const repository = await this.#opened();
    if (modelControlMode === "explicit") {
      const names = [loadModel].flat();
      return await repository.loadAll(options, names.includes("*") ? undefined : names);
    }
    if ((modelControlMode === "poll" || watch) && !this.#isClosed) {
      const { clock, log } = this.#services;
      const pauseMs = watch ? watchPauseMs : repositoryPollSecs * 1000;
      this.#poller = new RepositoryPoller({ repository, clock, log, pauseMs });
      await this.#poller.start();
    }
    const loading = await repository.loadAll(options);
    if (loading.length === 0) {
      const places = this.#folders.map((folder) => `'${folder}'`).join(", ");
      this.#services.log.warning(`there is no model in ${places}: each would be a folder there`);
    }
    return loading;
  }

  /** All that the core has, and what there is in the folders. */
  async index(): Promise<readonly ModelIndexEntry[]> {
    if (this.#folders.length === 0) return this.#services.core.index();
    return await (await this.#opened()).index();
  }

  /** Nothing is looked at any more. */
  close(): void {
    this.#isClosed = true;
    this.#poller?.close();
  }

  /** When the core has stopped. */
  async clear(): Promise<void> {
    await (await this.#repository)?.close();
  }

  /** What fails because the server stops may be tried with another one. */
  async #load(...asked: Parameters<ModelControl["load"]>): Promise<void> {
    if (this.#isClosed) throw serverStopping();
    try {
      await (await this.#opened()).load(...asked);
    } catch (error) {
      throw this.#isClosed ? serverStopping(error) : error;
    }
  }

  #opened(): Promise<ModelRepository> {
    this.#repository ??= this.#open();
    return this.#repository;
  }

  async #open(): Promise<ModelRepository> {
    const { ModelRepository: Repository } = await import("./model-repository.ts");
    const { core, hostOptions, log } = this.#services;
    const options = this.#options;
    const { defaultMaxBatchSize, warnings } = readBackendConfig([options.backendConfig].flat());
    for (const warning of warnings) log.warning(warning);
    return new Repository({
      folders: this.#folders,
      core,
      hostOptions,
      completes: !options.disableAutoCompleteConfig,
      configName: options.modelConfigName,
      defaultMaxBatchSize,
      loadCount: options.modelLoadThreadCount,
      retryCount: options.modelLoadRetryCount,
    });
  }
}
