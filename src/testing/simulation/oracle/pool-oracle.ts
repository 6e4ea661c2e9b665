/**
 * Instances of one loaded model, as the oracle expects them together: which of them is free for
 * longest, when the model has loaded, and what the loss of one means for the others.
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
  /** Longest free first. */
  #free: readonly PlaceOracle[] = [];
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
    return this.#free.length;
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

  /** The one that has been free for longest. */
  takeFree(): PlaceOracle {
    const [place, ...others] = this.#free;
    if (place === undefined) throw new Error("the oracle needs an instance where none is free");
    if (others.length > 0) this.#around.coverage.count("longest free of several");
    this.#free = others;
    return place;
  }

  stop(): void {
    this.#free = [];
    this.#endLoading(unloadedEarly);
    for (const place of this.#places) place.stop();
  }

  abandon(error: OracleError): void {
    this.#free = [];
    this.#endLoading(error);
    for (const place of this.#places) place.abandon(error);
  }

  scriptFor(index: number, generation: number): InstanceScript {
    return this.#owner.scriptFor(index, generation);
  }

  freed(place: PlaceOracle): void {
    this.#free = [...this.#free, place];
    if (this.#loadingCount > 0) {
      this.#loadingCount -= 1;
      if (this.#loadingCount === 0) this.#owner.loadEnded(undefined);
    }
    this.#owner.instanceFreed();
  }

  lost(place: PlaceOracle, error: OracleError): void {
    this.#free = this.#free.filter((free) => free !== place);
    if (this.#loadingCount > 0) this.#fail(error);
    else this.#around.journal.note(logPageOf(this.#around), `instance ${place.index} is lost`);
  }

  mayWriteOff(): boolean {
    if (this.#writtenOffCount === this.#around.load.model.limits.maxWrittenOff) return false;
    this.#writtenOffCount += 1;
    return true;
  }

  closed(place: PlaceOracle, error: OracleError | undefined): void {
    this.#free = this.#free.filter((free) => free !== place);
    if (error !== undefined) this.#fail(error);
  }

  #fail(error: OracleError): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#free = [];
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
