/**
 * One version of a model since its last load, as the oracle expects the repository to know it.
 *
 *   LOADING ──> READY ──> UNLOADING ──> UNAVAILABLE "unloaded"
 *      ├──────────────────────^
 *      └──> UNAVAILABLE, and why it failed ──> UNAVAILABLE "unloaded"
 *
 * What is unloaded before it is known what it is never starts an instance. What comes beside a
 * version that serves takes over when it is ready; what it has replaced is unloaded, and the one
 * that has taken over has not ended before that has.
 */
import type { InstanceScript } from "../../instance-script.ts";
import type { Coverage } from "../coverage.ts";
import type { Journal } from "../journal.ts";
import type { LoadPlan } from "../plans.ts";
import type { CacheOracle } from "./cache-oracle.ts";
import { ExpectedCounters } from "./expected-counters.ts";
import { ModelOracle, type ModelOwner } from "./model-oracle.ts";
import { errorText, failureReason, type OracleError, unloadedEarly } from "./oracle-errors.ts";
import { type Callers, logPageOf } from "./oracle-request.ts";
import { SharingOracle } from "./sharing-oracle.ts";

/** Why it is UNAVAILABLE, if that was meant. */
const unloaded = "unloaded";

/** What all versions share. */
export interface VersionOptions {
  readonly journal: Journal;
  readonly coverage: Coverage;
  readonly startedAtWallMs: number;
  readonly time: { readonly nowMs: number };
  readonly callers: Callers;
  readonly cache: CacheOracle;
  readonly lookAtEndOfTurn: (model: ModelOracle) => void;
  /** It is ready, and nobody wants it. */
  readonly unload: (version: VersionOracle) => void;
  /** It is ready. */
  readonly takeOver: (version: VersionOracle) => void;
  readonly scriptFor: (
    key: { readonly load: LoadPlan; readonly index: number; readonly generation: number },
    nowMs: number,
  ) => InstanceScript;
}

export class VersionOracle implements ModelOwner {
  readonly load: LoadPlan;
  readonly #options: VersionOptions;
  readonly #startedAtMs: number;
  #state: "LOADING" | "READY" | "UNLOADING" | "UNAVAILABLE" = "LOADING";
  #reason = "";
  #isResolved = false;
  /** Stays while an instance of it is left, even if nobody can name it any more. */
  #sharing: SharingOracle | undefined = undefined;
  /** Another one serves until it is ready. */
  readonly #isBeside: boolean;
  /** A failure of it is nobody's. */
  #isReplaced = false;
  /** What it has not ended before. */
  #others: readonly VersionOracle[] = [];

  constructor(load: LoadPlan, options: VersionOptions, isBeside = false) {
    this.load = load;
    this.#options = options;
    this.#isBeside = isBeside;
    this.#startedAtMs = options.time.nowMs;
  }

  get name(): string {
    return this.load.model.name;
  }

  get version(): number {
    return this.load.model.version;
  }

  get state(): string {
    return this.#state;
  }

  /** The model, and what stands before it. Undefined also before it is known what it is. */
  get sharing(): SharingOracle | undefined {
    return this.#sharing;
  }

  /** Undefined: it serves nobody. */
  get namedSharing(): SharingOracle | undefined {
    return this.#state === "UNAVAILABLE" ? undefined : this.#sharing;
  }

  get #model(): ModelOracle | undefined {
    return this.#sharing?.model;
  }

  /** When it is known what it is; Infinity: it is. */
  get resolvesAtMs(): number {
    return this.#isResolved ? Number.POSITIVE_INFINITY : this.load.resolvesAtMs;
  }

  /** It is no obstacle to the readiness of the server. */
  get isFine(): boolean {
    if (this.#state === "READY") return this.#model?.isReady ?? false;
    return this.#state === "UNAVAILABLE" && this.#reason === unloaded;
  }

  /** Why it is out of service, until it is unloaded. */
  get failure(): OracleError | undefined {
    return this.#state === "READY" ? this.#model?.failure : undefined;
  }

  /** As the index tells it, and whether it can run a batch. */
  describe(): string {
    const isAble = this.#state === "READY" && this.#model?.isReady;
    const able = isAble ? " and able" : "";
    const title = `${this.name}/${this.version}`;
    if (this.failure !== undefined) return `${title} UNAVAILABLE ${failureReason(this.failure)}`;
    return `${title} ${this.#state}${able} ${this.#reason}`;
  }

  resolve(): void {
    const { load } = this;
    this.#isResolved = true;
    if (load.resolveError !== undefined) {
      this.#options.coverage.count("source fails");
      this.#fail(load.resolveError);
    } else if (this.#state === "LOADING") this.#start();
    else this.#fail(unloadedEarly);
  }

  loadEnded(_model: ModelOracle, error: OracleError | undefined): void {
    if (error !== undefined) this.#fail(error);
    else if (this.#isBeside && this.load.isUnwanted) this.#refuse();
    else if (this.#state === "LOADING") {
      this.#state = "READY";
      this.#options.journal.note(`loading ${this.load.number}`, "loaded");
      this.#options.takeOver(this);
      if (this.load.isUnwanted) this.#options.unload(this);
    }
  }

  outOfService(): void {
    if (this.#isReplaced) this.#options.coverage.count("out of service when replaced");
    else this.#options.journal.note(`service of ${this.name}/${this.version}`, "is out");
  }

  /** The other one finishes what it has. */
  replace(other: VersionOracle): void {
    this.#others = [...other.#others, other];
    other.#isReplaced = true;
    other.unload();
  }

  lookAtEndOfTurn(model: ModelOracle): void {
    this.#options.lookAtEndOfTurn(model);
  }

  scriptFor(index: number, generation: number): InstanceScript {
    return this.#options.scriptFor({ load: this.load, index, generation }, this.#nowMs);
  }

  /** With it goes what was about to replace it. */
  unload(coming?: VersionOracle): void {
    if (coming !== undefined) {
      this.#others = [...this.#others, coming];
      coming.#isReplaced = true;
      coming.unload();
    }
    if (this.#state === "UNAVAILABLE") {
      if (this.#reason !== unloaded) this.#options.coverage.count("unload what failed");
      this.#reason = unloaded;
      return;
    }
    const isOpening = this.#state === "LOADING" && !this.#isResolved;
    this.#state = "UNLOADING";
    if (isOpening && this.load.givesUp) {
      this.#options.coverage.count("source gives up");
      this.#isResolved = true;
      this.#fail(unloadedEarly);
    }
    if (this.#model !== undefined) this.#model.isDraining = true;
    this.#sharing?.close();
  }

  /** A turn is over: what is unloaded stops when it is empty, and is gone when all of it is. */
  settle(): void {
    this.#model?.stopWhenEmpty();
    if (this.#state !== "UNLOADING" || !this.#isResolved) return;
    if (this.#model !== undefined && !this.#model.isUnloaded) return;
    if (this.#others.some(({ state }) => state === "UNLOADING")) return;
    this.#state = "UNAVAILABLE";
    this.#reason = unloaded;
  }

  get #nowMs(): number {
    return this.#options.time.nowMs;
  }

  #start(): void {
    const { load } = this;
    const { startedAtWallMs, cache, ...shared } = this.#options;
    const counters = new ExpectedCounters(load.model, startedAtWallMs);
    const around = { ...shared, load, page: `load ${load.number}`, counters };
    const sharing = new SharingOracle(around, cache);
    const model = new ModelOracle(this, { ...around, callers: sharing }, this.#startedAtMs);
    sharing.model = model;
    this.#sharing = sharing;
    model.start();
  }

  /** Unloaded before it has taken over, it never does. */
  #refuse(): void {
    this.#options.unload(this);
    this.#fail(unloadedEarly);
  }

  #fail(error: OracleError): void {
    const { coverage, journal } = this.#options;
    coverage.count(this.#isBeside ? "replacement fails" : "load failed");
    journal.note(`loading ${this.load.number}`, errorText(error));
    journal.note(logPageOf(this), "a load failed");
    if (this.#state !== "LOADING") return;
    this.#state = "UNAVAILABLE";
    this.#reason = failureReason(error);
  }
}
