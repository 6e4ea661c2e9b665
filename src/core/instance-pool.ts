/**
 * Instance pool: the instances of one model version, and which of them gets the next batch: of
 * those that run the fewest, the one that has waited for longest.
 *
 * It loads as a whole: the first instance that fails to load fails the model. Afterwards an
 * instance that dies is started again, and the others go on; but one that fails for good takes
 * the whole model out of service. While it serves, it can get more instances, or fewer: those that
 * are new serve as soon as they are ready, and all go again if one of them fails; those that are too
 * many finish what they run.
 *
 * Not here: the life of one instance (instance-supervisor.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { Clock } from "./clock.ts";
import type { InstanceHost } from "./instance.ts";
import { InstanceSupervisor, type SupervisorOwner } from "./instance-supervisor.ts";
import type { Log } from "./log.ts";
import type { InstanceGroupConfig, ModelConfig } from "./model-config.ts";
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

/** Instances that were added while others serve. */
interface Joining {
  /** All of them. */
  readonly added: readonly InstanceSupervisor[];
  readonly loading: Set<InstanceSupervisor>;
  readonly onEnd: (error: InferenceError | undefined) => void;
}

export class InstancePool implements SupervisorOwner {
  readonly #options: PoolOptions;
  #supervisors: readonly InstanceSupervisor[] = [];
  /** Loaded, and never given anything. */
  readonly #passive = new Set<InstanceSupervisor>();
  #startedCount = 0;
  #joining: Joining | undefined = undefined;
  /** Those that have room for a batch; first the one that has waited for longest. */
  #free: InstanceSupervisor[] = [];
  #owner: PoolOwner | undefined = undefined;
  #unloadedCount: number;
  #writtenOffCount = 0;
  #failure: InferenceError | undefined = undefined;
  #onLoaded: ((error: InferenceError | undefined) => void) | undefined = undefined;
  #onEnded: (() => void) | undefined = undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    for (const isPassive of placesOf(options.config.instanceGroups)) this.#add(isPassive);
    this.#unloadedCount = this.#supervisors.length;
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

  /**
   * Resolves when there are as many as these groups count. Rejects if one that is new fails to load:
   * then there are those that were there before. One at a time, and only of a pool that has loaded.
   */
  async resize(groups: readonly InstanceGroupConfig[]): Promise<void> {
    if (this.#joining !== undefined) {
      const why = `instances of model '${this.#options.config.name}' are being added already`;
      throw new InferenceError("ALREADY_EXISTS", why);
    }
    const places = placesOf(groups);
    const kinds = [false, true].map((isPassive) => {
      const wanted = places.filter((place) => place === isPassive).length;
      const present = this.#supervisors.filter((one) => {
        return !one.isStopping && this.#passive.has(one) === isPassive;
      });
      return { isPassive, wanted, present };
    });
    const added = kinds.flatMap(({ isPassive, wanted, present }) => {
      const length = Math.max(0, wanted - present.length);
      return Array.from({ length }, () => this.#add(isPassive));
    });
    if (added.length > 0) await this.#join(added);
    for (const { wanted, present } of kinds) {
      // Those that are dead go first.
      const sorted = present.sort((one, other) => Number(other.isReady) - Number(one.isReady));
      for (const supervisor of sorted.slice(wanted)) this.#release(supervisor);
    }
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
    const error = unloadedEarly(this.#options.config.name);
    this.#endLoading(error);
    this.#endJoining(error);
    return new Promise((resolve) => {
      this.#onEnded = resolve;
      for (const supervisor of this.#supervisors) supervisor.stop();
      if (this.#supervisors.length === 0) resolve();
    });
  }

  /** Ends all instances at once, whatever runs. */
  abandon(error: InferenceError): void {
    this.#free = [];
    this.#endLoading(error);
    this.#endJoining(error);
    for (const supervisor of this.#supervisors) supervisor.abandon(error);
  }

  instanceFree(supervisor: InstanceSupervisor): void {
    if (!this.#passive.has(supervisor)) this.#free.push(supervisor);
    if (this.#unloadedCount > 0) this.#countLoaded();
    if (this.#joining?.loading.delete(supervisor) && this.#joining.loading.size === 0) {
      this.#endJoining(undefined);
    }
    this.#owner?.instanceFree();
  }

  instanceLost(supervisor: InstanceSupervisor, error: InferenceError): void {
    this.#free = this.#free.filter((free) => free !== supervisor);
    if (this.#joining?.loading.has(supervisor)) {
      this.#endJoining(error);
      return;
    }
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
    this.#supervisors = this.#supervisors.filter((one) => one !== supervisor);
    this.#passive.delete(supervisor);
    if (error !== undefined) {
      if (this.#joining?.loading.has(supervisor)) this.#endJoining(error);
      else this.#fail(error);
    }
    if (this.#supervisors.length === 0) this.#onEnded?.();
  }

  #add(isPassive: boolean): InstanceSupervisor {
    const supervisor = new InstanceSupervisor(
      { ...this.#options, owner: this },
      this.#startedCount,
    );
    this.#startedCount += 1;
    this.#supervisors = [...this.#supervisors, supervisor];
    if (isPassive) this.#passive.add(supervisor);
    return supervisor;
  }

  #join(added: readonly InstanceSupervisor[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const onEnd = (error: InferenceError | undefined): void => {
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#joining = { added, loading: new Set(added), onEnd };
      for (const supervisor of added) supervisor.start();
    });
  }

  /** With an error all that were added go again. */
  #endJoining(error: InferenceError | undefined): void {
    const joining = this.#joining;
    if (joining === undefined) return;
    this.#joining = undefined;
    if (error !== undefined) for (const supervisor of joining.added) this.#release(supervisor);
    joining.onEnd(error);
  }

  /** It finishes what it runs. */
  #release(supervisor: InstanceSupervisor): void {
    this.#free = this.#free.filter((free) => free !== supervisor);
    supervisor.stop();
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
    this.#endJoining(error);
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

/** By instance: is it passive? */
function placesOf(groups: readonly InstanceGroupConfig[]): readonly boolean[] {
  return groups.flatMap(({ count, isPassive = false }) => {
    return Array.from({ length: count }, () => isPassive);
  });
}

export function unloadedEarly(model: string): InferenceError {
  return new InferenceError("UNAVAILABLE", `model '${model}' was unloaded while it was loading`);
}
