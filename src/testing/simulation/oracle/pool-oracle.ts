/**
 * Instances of one loaded model, as the oracle expects them together: which of them gets the next
 * batch (of those that run the fewest, the one that has waited for longest since it became able to
 * take one, or took one), when the model has loaded, and what the loss of one means for the others.
 *
 * The model has loaded when all are ready; if one is lost before, the load has failed. Later a
 * lost one comes back, unless it is lost for good: then the model is out of service. In both
 * cases the others finish what they run, and end.
 */
import type { InstanceScript } from "../../instance-script.ts";
import { Agenda } from "./agenda.ts";
import type { ExecutionOracle } from "./execution-oracle.ts";
import { type OracleError, unloadedEarly } from "./oracle-errors.ts";
import { logPageOf, type Surroundings } from "./oracle-request.ts";
import { PlaceOracle, type PlaceOwner } from "./place-oracle.ts";

export interface PoolOwner {
  readonly executions: ExecutionOracle;
  scriptFor(index: number, generation: number): InstanceScript;
  /** All instances are ready, or the load has failed. Once. */
  loadEnded(error: OracleError | undefined): void;
  instanceFreed(): void;
  outOfService(cause: OracleError): void;
}

export class PoolOracle implements PlaceOwner {
  readonly agenda: Agenda = new Agenda();
  readonly #owner: PoolOwner;
  readonly #around: Surroundings;
  readonly #places: readonly PlaceOracle[];
  /** Since when each has waited, of those that have room. */
  readonly #waitingSince = new Map<PlaceOracle, number>();
  #waitCount = 0;
  #loadingCount: number;
  #writtenOffCount = 0;
  /** Why nothing runs any more, since it has loaded. */
  failure: OracleError | undefined = undefined;
  #hasFailed = false;

  constructor(owner: PoolOwner, around: Surroundings) {
    this.#owner = owner;
    this.#around = around;
    const count = around.load.model.instanceGroups.reduce((sum, group) => sum + group, 0);
    this.#loadingCount = count;
    this.#places = Array.from(
      { length: count },
      (_, index) => new PlaceOracle(this, around, index),
    );
  }

  get executions(): ExecutionOracle {
    return this.#owner.executions;
  }

  get freeCount(): number {
    return this.#waitingSince.size;
  }

  get isReady(): boolean {
    return this.#places.some(({ canRun }) => canRun);
  }

  get openCount(): number {
    return this.#places.filter(({ condition }) => condition !== undefined).length;
  }

  get restartCount(): number {
    return this.#places.reduce((sum, place) => sum + place.restartCount, 0);
  }

  conditions(): Record<"ready" | "busy" | "loading" | "dead", number> {
    const counts = { ready: 0, busy: 0, loading: 0, dead: 0 };
    for (const { condition } of this.#places) if (condition) counts[condition] += 1;
    return counts;
  }

  start(): void {
    for (const place of this.#places) place.start();
  }

  /** For a batch that it runs at once. */
  takeFree(): PlaceOracle {
    const { coverage, load } = this.#around;
    const waiting = [...this.#waitingSince].sort(([, one], [, other]) => one - other);
    const fewest = Math.min(...waiting.map(([{ runningCount }]) => runningCount));
    const idlest = waiting.filter(([{ runningCount }]) => runningCount === fewest);
    const [[place] = []] = idlest;
    if (place === undefined) throw new Error("the oracle needs an instance where none is free");
    if (idlest.length > 1) coverage.count("longest free of several");
    if (idlest.length > 1 && fewest > 0) coverage.count("longest free of those that run");
    if (waiting[0]?.[0] !== place) coverage.count("least busy of several");
    this.#waitingSince.delete(place);
    if (fewest + 1 < load.model.concurrency) this.#waits(place);
    return place;
  }

  stop(): void {
    this.#waitingSince.clear();
    this.#endLoading(unloadedEarly);
    for (const place of this.#places) place.stop();
  }

  abandon(error: OracleError): void {
    this.#waitingSince.clear();
    this.#endLoading(error);
    for (const place of this.#places) place.abandon(error);
  }

  scriptFor(index: number, generation: number): InstanceScript {
    return this.#owner.scriptFor(index, generation);
  }

  freed(place: PlaceOracle): void {
    this.#waits(place);
    if (this.#loadingCount > 0) {
      this.#loadingCount -= 1;
      if (this.#loadingCount === 0) this.#owner.loadEnded(undefined);
    }
    this.#owner.instanceFreed();
  }

  lost(place: PlaceOracle, error: OracleError): void {
    this.#waitingSince.delete(place);
    if (this.#loadingCount > 0) this.#fail(error);
    else this.#around.journal.note(logPageOf(this.#around), `instance ${place.index} is lost`);
  }

  mayWriteOff(): boolean {
    if (this.#writtenOffCount === this.#around.load.model.limits.maxWrittenOff) return false;
    this.#writtenOffCount += 1;
    return true;
  }

  closed(place: PlaceOracle, error: OracleError | undefined): void {
    this.#waitingSince.delete(place);
    if (error !== undefined) this.#fail(error);
  }

  /** From now on. */
  #waits(place: PlaceOracle): void {
    this.#waitCount += 1;
    this.#waitingSince.set(place, this.#waitCount);
  }

  #fail(error: OracleError): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#waitingSince.clear();
    for (const place of this.#places) place.stop();
    if (this.#endLoading(error)) return;
    this.#around.journal.note(logPageOf(this.#around), "out of service");
    this.failure = error;
    this.#owner.outOfService(error);
  }

  /** Whether it was loading until now. */
  #endLoading(error: OracleError): boolean {
    if (this.#loadingCount === 0) return false;
    this.#loadingCount = 0;
    this.#owner.loadEnded(error);
    return true;
  }
}
