/**
 * One version of a model since its last load, as the oracle expects the repository to know it.
 *
 *   LOADING ──> READY ──> UNLOADING ──> UNAVAILABLE "unloaded"
 *      ├──────────────────────^
 *      └──> UNAVAILABLE, and why it failed ──> UNAVAILABLE "unloaded"
 *
 * What is unloaded before it is known what it is never starts an instance.
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

  constructor(load: LoadPlan, options: VersionOptions) {
    this.load = load;
    this.#options = options;
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
    else if (this.#state === "LOADING") {
      this.#state = "READY";
      this.#options.journal.note(`loading ${this.load.number}`, "loaded");
      if (this.load.isUnwanted) this.#options.unload(this);
    }
  }

  lookAtEndOfTurn(model: ModelOracle): void {
    this.#options.lookAtEndOfTurn(model);
  }

  scriptFor(index: number, generation: number): InstanceScript {
    return this.#options.scriptFor({ load: this.load, index, generation }, this.#nowMs);
  }

  unload(): void {
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

  #fail(error: OracleError): void {
    const { coverage, journal } = this.#options;
    coverage.count("load failed");
    journal.note(`loading ${this.load.number}`, errorText(error));
    journal.note(logPageOf(this), "a load failed");
    if (this.#state !== "LOADING") return;
    this.#state = "UNAVAILABLE";
    this.#reason = failureReason(error);
  }
}
