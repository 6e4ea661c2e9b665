/**
 * Loads: how a version of a model comes to serve, for the first time or beside what serves already.
 *
 * A load that fails is told in the log once. One that is beside another takes over when it is ready:
 * what the other one has is finished by it, and where the load fails it serves on.
 *
 * Not here: who may be loaded when, and unloading (inference-core.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { AskedVersion } from "../protocol/infer.ts";
import { modelsOfEnsemble, refuseCircleAmong } from "./ensemble-models.ts";
import { LoadedModel, type LoadedModelOptions } from "./loaded-model.ts";
import type { ModelSource } from "./model-source.ts";
import type { ModelVersion, Replacement, Repository } from "./repository.ts";

export type FailureLevel = "error" | "verbose";

/** A model that was in service cannot go on, for good. */
export type OutOfServiceHandler = (
  model: { readonly name: string; readonly version: number },
  error: InferenceError,
) => void;

export interface ModelLoadsOptions extends Omit<LoadedModelOptions, "onOutOfService" | "find"> {
  readonly repository: Repository;
  readonly onOutOfService: OutOfServiceHandler | undefined;
  /** Throws if it is not there. */
  readonly find: (name: string, version: AskedVersion) => LoadedModel;
}

/** It could serve: now it does, or goes without having done so. */
export interface PreparedLoad {
  /** Throws if it is being unloaded meanwhile. */
  commit(): void;
  /** Resolves when it is gone. */
  discard(): Promise<void>;
}

interface Making {
  readonly source: ModelSource;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
}

export class ModelLoads {
  readonly #options: ModelLoadsOptions;

  constructor(options: ModelLoadsOptions) {
    this.#options = options;
  }

  /** Resolves when it is READY. */
  async load(entry: ModelVersion, source: ModelSource, failureLevel: FailureLevel): Promise<void> {
    const { clock, repository } = this.#options;
    const startedAtMs = clock.nowMs();
    try {
      await this.#make(entry, { source, signal: entry.giveUp.signal, startedAtMs }, (model) => {
        entry.model = model;
      });
    } catch (reason) {
      const error = InferenceError.from(reason);
      if (entry.state === "LOADING") repository.fail(entry, error);
      this.#logFailure(entry, error, failureLevel);
      throw error;
    }
    if (entry.state !== "LOADING") return;
    entry.state = "READY";
    this.#logLoaded(entry, startedAtMs);
  }

  /**
   * Of a version that is READY: resolves when what comes can take over. Of two at a time, until the
   * first has done so, the second is refused with ALREADY_EXISTS.
   */
  async prepare(
    entry: ModelVersion,
    source: ModelSource,
    failureLevel: FailureLevel,
  ): Promise<PreparedLoad> {
    if (entry.replacement !== undefined) {
      const why = `model '${entry.name}' version ${entry.version} is being loaded anew already`;
      throw new InferenceError("ALREADY_EXISTS", why);
    }
    const giveUp = new AbortController();
    const replacement: Replacement = { model: undefined, giveUp, done: Promise.resolve() };
    entry.replacement = replacement;
    const preparing = this.#prepare(entry, replacement, source, failureLevel);
    const nothing = (): void => {};
    replacement.done = preparing.then(nothing, nothing);
    return await preparing;
  }

  /** It finishes what it has. */
  retire({ leaving }: ModelVersion, model: LoadedModel): void {
    const left = model.unload().finally(() => leaving.delete(model));
    leaving.set(model, left);
  }

  async #prepare(
    entry: ModelVersion,
    replacement: Replacement,
    source: ModelSource,
    failureLevel: FailureLevel,
  ): Promise<PreparedLoad> {
    const startedAtMs = this.#options.clock.nowMs();
    const { signal } = replacement.giveUp;
    const fail = (reason: unknown): InferenceError => {
      entry.replacement = undefined;
      const error = InferenceError.from(reason);
      this.#logFailure(entry, error, failureLevel);
      return error;
    };
    try {
      const model = await this.#make(entry, { source, signal, startedAtMs }, (made) => {
        replacement.model = made;
      });
      signal.throwIfAborted();
      return {
        commit: () => {
          // Whoever unloads the version has retired this one, too.
          if (signal.aborted) throw fail(signal.reason);
          entry.replacement = undefined;
          if (entry.model !== undefined) this.retire(entry, entry.model);
          entry.model = model;
          this.#logLoaded(entry, startedAtMs);
        },
        discard: async () => {
          entry.replacement = undefined;
          if (!signal.aborted) this.retire(entry, model);
          await entry.leaving.get(model);
        },
      };
    } catch (reason) {
      throw fail(reason);
    }
  }

  /** Resolves when its first instances are ready. `onMade`: before they load. */
  async #make(
    entry: ModelVersion,
    { source, signal, startedAtMs }: Making,
    onMade: (model: LoadedModel) => void,
  ): Promise<LoadedModel> {
    const { repository, onOutOfService, ...shared } = this.#options;
    const resolved = await source.resolve(signal);
    signal.throwIfAborted();
    if (resolved.host === undefined) {
      await modelsOfEnsemble(entry, resolved.config, { repository, signal });
      refuseCircleAmong(resolved.config, repository, this.#options.find);
    }
    const model: LoadedModel = new LoadedModel(resolved, {
      ...shared,
      // One that has been replaced is nobody's any more.
      onOutOfService: (error) => {
        if (entry.model === model) onOutOfService?.(entry, error);
      },
    });
    onMade(model);
    await model.load(startedAtMs);
    return model;
  }

  #logLoaded({ name: model, version }: ModelVersion, startedAtMs: number): void {
    const { clock, log } = this.#options;
    const tookMs = (clock.nowMs() - startedAtMs).toFixed(0);
    log.info(`loaded model '${model}' version ${version} in ${tookMs} ms`, { model, version });
  }

  #logFailure(
    { name: model, version }: ModelVersion,
    error: InferenceError,
    level: FailureLevel,
  ): void {
    const what = `model '${model}' version ${version} failed to load: ${error.message}`;
    this.#options.log[level](what, { model, version, error });
  }
}
