/**
 * Instance pool: the instances of one model version, and which of them gets the next batch: of
 * those that run the fewest, the one that has waited for longest.
 *
 * It loads as a whole: the first instance that fails to load fails the model. Afterwards an
 * instance that dies is started again, and the others go on; but one that fails for good takes
 * the whole model out of service.
 *
 * Not here: the life of one instance (instance-supervisor.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { Clock } from "./clock.ts";
import type { InstanceHost } from "./instance.ts";
import { InstanceSupervisor, type SupervisorOwner } from "./instance-supervisor.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelStatistics } from "./model-statistics.ts";
import type { ScheduledRequest } from "./scheduled-request.ts";

export interface PoolOptions {
  readonly config: ModelConfig;
  readonly host: InstanceHost;
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: ModelStatistics;
  /** It was in service, and nothing starts it again. */
  readonly onOutOfService: (error: InferenceError) => void;
}

/** Who uses the instances. */
export interface PoolOwner {
  instanceFree(): void;
  /** Nothing will run any more. */
  outOfService(error: InferenceError): void;
}

export class InstancePool implements SupervisorOwner {
  readonly #options: PoolOptions;
  readonly #supervisors: readonly InstanceSupervisor[];
  /** Loaded, and never given anything. */
  readonly #passive: ReadonlySet<InstanceSupervisor>;
  /** Those that have room for a batch; first the one that has waited for longest. */
  #free: InstanceSupervisor[] = [];
  #owner: PoolOwner | undefined = undefined;
  #unloadedCount: number;
  #livingCount: number;
  #writtenOffCount = 0;
  #failure: InferenceError | undefined = undefined;
  #onLoaded: ((error: InferenceError | undefined) => void) | undefined = undefined;
  #onEnded: (() => void) | undefined = undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    const isPassive = options.config.instanceGroups.flatMap((group) => {
      return Array.from({ length: group.count }, () => group.isPassive === true);
    });
    this.#unloadedCount = isPassive.length;
    this.#livingCount = isPassive.length;
    const supervisorOptions = { ...options, owner: this };
    this.#supervisors = isPassive.map((_, index) => {
      return new InstanceSupervisor(supervisorOptions, index);
    });
    this.#passive = new Set(this.#supervisors.filter(({ index }) => isPassive[index]));
  }

  get isReady(): boolean {
    return this.#supervisors.some((one) => one.isReady && !this.#passive.has(one));
  }

  /** Why it is out of service. */
  get failure(): InferenceError | undefined {
    return this.#failure;
  }

  get hasFree(): boolean {
    return this.#free.length > 0;
  }

  /** Of all batches that run; some may have ended. */
  runningRequests(): readonly ScheduledRequest[] {
    return this.#supervisors.flatMap(({ requests }) => requests);
  }

  serve(owner: PoolOwner): void {
    this.#owner = owner;
  }

  /** Resolves when every instance is ready; rejects when the first one fails. Once. */
  load(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onLoaded = (error) => (error === undefined ? resolve() : reject(error));
      for (const supervisor of this.#supervisors) supervisor.start();
    });
  }

  /** For a batch that it runs at once. */
  takeFree(): InstanceSupervisor | undefined {
    const [first, ...others] = this.#free;
    let chosen = first;
    for (const other of others) {
      if (chosen !== undefined && other.runningCount < chosen.runningCount) chosen = other;
    }
    if (chosen === undefined) return undefined;
    this.#free = this.#free.filter((free) => free !== chosen);
    if (chosen.runningCount + 1 < this.#options.config.concurrency) this.#free.push(chosen);
    return chosen;
  }

  /** Lets the instances finish what runs, and resolves when all are gone. */
  stop(): Promise<void> {
    this.#free = [];
    this.#endLoading(unloadedEarly(this.#options.config.name));
    return new Promise((resolve) => {
      this.#onEnded = resolve;
      for (const supervisor of this.#supervisors) supervisor.stop();
      if (this.#livingCount === 0) resolve();
    });
  }

  /** Ends all instances at once, whatever runs. */
  abandon(error: InferenceError): void {
    this.#free = [];
    this.#endLoading(error);
    for (const supervisor of this.#supervisors) supervisor.abandon(error);
  }

  instanceFree(supervisor: InstanceSupervisor): void {
    if (!this.#passive.has(supervisor)) this.#free.push(supervisor);
    if (this.#unloadedCount > 0) this.#countLoaded();
    this.#owner?.instanceFree();
  }

  instanceLost(supervisor: InstanceSupervisor, error: InferenceError): void {
    this.#free = this.#free.filter((free) => free !== supervisor);
    if (this.#unloadedCount > 0) {
      this.#fail(error);
      return;
    }
    const { log, config } = this.#options;
    const { name: model, version } = config;
    log.error(`instance ${supervisor.index} of model '${model}' is lost and starts again`, {
      model,
      version,
      error,
    });
  }

  mayWriteOff(): boolean {
    if (this.#writtenOffCount >= this.#options.config.limits.maxWrittenOffInstances) return false;
    this.#writtenOffCount += 1;
    return true;
  }

  instanceEnded(supervisor: InstanceSupervisor, error: InferenceError | undefined): void {
    this.#free = this.#free.filter((free) => free !== supervisor);
    this.#livingCount -= 1;
    if (error !== undefined) this.#fail(error);
    if (this.#livingCount === 0) this.#onEnded?.();
  }

  #countLoaded(): void {
    this.#unloadedCount -= 1;
    if (this.#unloadedCount === 0) this.#onLoaded?.(undefined);
  }

  /** Was it loading until now? */
  #endLoading(error: InferenceError): boolean {
    if (this.#unloadedCount === 0) return false;
    this.#unloadedCount = 0;
    this.#onLoaded?.(error);
    return true;
  }

  /** The others finish what they run, and end. */
  #fail(error: InferenceError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#free = [];
    for (const supervisor of this.#supervisors) supervisor.stop();
    if (this.#endLoading(error)) return;
    const { log, config } = this.#options;
    const { name: model, version } = config;
    const what = "is out of service, and nothing starts it again";
    log.error(`model '${model}' version ${version} ${what}`, { model, version, error });
    this.#owner?.outOfService(error);
    this.#options.onOutOfService(error);
  }
}

export function unloadedEarly(model: string): InferenceError {
  return new InferenceError("UNAVAILABLE", `model '${model}' was unloaded while it was loading`);
}
