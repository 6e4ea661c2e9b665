/**
 * Oracle: what a server of models must do, worked out independently of the core that does it.
 *
 * Written from the specification (scheduling, statistics, protocol texts), in words of its own, as
 * plainly as possible: lists that are searched, rules that are asked again each time. It imports
 * nothing from the core and is told nothing by it: it carries out the same plans, with the same
 * instances, and writes down what can be seen, for comparison.
 *
 * Here: whom a request is for, and the passing of time. What its caller does: callers-oracle.ts; one
 * version of a model: version-oracle.ts; what waits and runs in it: model-oracle.ts.
 */
import type { Coverage } from "../coverage.ts";
import type { Journal } from "../journal.ts";
import { bytesOf, type EventPlan, type LoadPlan, type RequestPlan } from "../plans.ts";
import type { StatisticsFacts } from "../statistics-facts.ts";
import { CacheOracle } from "./cache-oracle.ts";
import { CallersOracle, type CallersOwner, type Unloaded } from "./callers-oracle.ts";
import type { ModelOracle } from "./model-oracle.ts";
import {
  alreadyThere,
  errorText,
  invalid,
  type OracleError,
  serverStopping,
  unknownModel,
} from "./oracle-errors.ts";
import type { Sent, SharingOracle } from "./sharing-oracle.ts";
import { type VersionOptions, VersionOracle } from "./version-oracle.ts";

export interface OracleOptions {
  readonly journal: Journal;
  readonly coverage: Coverage;
  readonly maxWaitingBytes: number;
  readonly cacheBytes: number;
  readonly startedAtWallMs: number;
  readonly scriptFor: VersionOptions["scriptFor"];
}

/** Something that somebody waits for: the end of these versions. */
interface Promised {
  readonly page: string;
  readonly versions: readonly VersionOracle[];
}

interface Accepted {
  readonly sent: Sent;
  readonly model: ModelOracle;
}

export class Oracle implements CallersOwner {
  readonly #options: OracleOptions;
  /** By name, then by version. */
  #versions: readonly VersionOracle[] = [];
  /** Also those that were replaced, while an instance of theirs is left. */
  #sharing: readonly SharingOracle[] = [];
  readonly #cache: CacheOracle;
  readonly #requests = new Map<number, Accepted>();
  readonly #callers: CallersOracle;
  #promised: readonly Promised[] = [];
  #promiseCount = 0;
  #looks: readonly ModelOracle[] = [];
  readonly #touched = new Set<ModelOracle>();
  #state: "starting" | "running" | "draining" | "stopped" = "starting";
  #nowMs = 0;
  /** Of a server that drains: those that stop when none of them has anything left. */
  #leaving: readonly ModelOracle[] = [];

  constructor(options: OracleOptions) {
    this.#options = options;
    this.#callers = new CallersOracle(this, options);
    this.#cache = new CacheOracle(options.coverage, options.cacheBytes);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get state(): string {
    return this.#state;
  }

  /** What can still happen by itself. Infinity: nothing. */
  nextDueMs(): number {
    return Math.min(this.#nextResolveMs(), ...this.#sharing.map((one) => one.nextDueMs()));
  }

  /** When something happens that is not about what waits. Infinity: never. */
  nextActMs(): number {
    return Math.min(this.#nextResolveMs(), ...this.#sharing.map((one) => one.nextActMs()));
  }

  /** Time passes, and nothing happens. */
  block(untilMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  /**
   * All that is due happens, moment by moment; last in each moment the looks asked for in it, and
   * then those leave that have waited for each other.
   */
  advanceTo(ms: number): void {
    for (;;) {
      const nextMs = this.nextDueMs();
      const [look, ...later] = this.#looks;
      if (nextMs <= this.#nowMs) this.#runDue(nextMs);
      else if (look !== undefined) {
        this.#looks = later;
        this.#touched.add(look);
        look.look();
        this.#settle();
      } else if (this.#leaving.length > 0 && this.#leaving.every(({ isEmpty }) => isEmpty)) {
        for (const model of this.#leaving) model.waitsForOthers = false;
        this.#leaving = [];
        this.#settle();
      } else if (nextMs <= ms) this.#nowMs = nextMs;
      else break;
    }
    this.block(ms);
  }

  /** Events of one turn. */
  perform(event: EventPlan): void {
    switch (event.kind) {
      case "send":
        this.send(event.request);
        return;
      case "cancel":
        this.cancel(event.number);
        return;
      case "take":
        this.take(event.number, event.count);
        return;
      case "load":
        this.#load(event.load);
        return;
      case "unload":
        this.unload(this.#nextPage("unload"), event);
        return;
      case "run":
        if (this.#state === "starting") this.#state = "running";
        return;
      case "drain":
        this.#drain();
        return;
      case "abandon":
        this.#options.coverage.count("abandon");
        for (const { namedSharing } of this.#versions) namedSharing?.model.abandon(event.error);
    }
  }

  endTurn(): void {
    this.#settle();
    this.advanceTo(this.#nowMs);
  }

  index(): readonly string[] {
    return this.#versions.map((version) => version.describe());
  }

  isReady(): boolean {
    return this.#state === "running" && this.#versions.every(({ isFine }) => isFine);
  }

  /** Whom requests can be for: which versions of which model, in the order of the index. */
  served(): readonly string[] {
    const names = new Set(this.#versions.map(({ name }) => name));
    return [...names].map((name) => {
      const ofName = this.#versions.filter((version) => version.name === name);
      const served = ofName.filter((version) => this.#isServed(version));
      return `${name}: ${served.map(({ version }) => version).join()}`;
    });
  }

  /** Of those, in the same order. */
  statistics(): readonly StatisticsFacts[] {
    return this.#statisticsOf(() => true);
  }

  /** Of those to which something happened since the last time. */
  newStatistics(): readonly StatisticsFacts[] {
    const statistics = this.#statisticsOf((model) => this.#touched.has(model));
    this.#touched.clear();
    return statistics;
  }

  /** Of the response cache. */
  cacheText(): string {
    return this.#cache.text();
  }

  /** How many timers the core may hold: one for each queue, one for each instance. */
  timerCount(): number {
    const named = this.#versions.flatMap(({ namedSharing }) => namedSharing ?? []);
    const all = new Set([...this.#sharing, ...named]);
    return [...all].reduce((sum, { timerCount }) => sum + timerCount, 0);
  }

  send(request: RequestPlan): void {
    const { coverage, maxWaitingBytes } = this.#options;
    coverage.count("request");
    const sharing = this.#sharingFor(request);
    if ("code" in sharing || request.isInvalid) {
      if (request.isInvalid) coverage.count("request invalid");
      const text = errorText("code" in sharing ? sharing : invalid);
      const logPage = `log ${request.modelName}`;
      this.#callers.hear(request, { page: `r${request.number}`, logPage, text, isEnd: true });
      return;
    }
    const { model } = sharing;
    const waitingBytes = this.#sharing
      .flatMap((one) => one.model.waitingPlans)
      .reduce((sum, plan) => sum + bytesOf(plan), 0);
    this.#touched.add(model);
    const sent = sharing.arrive(request, waitingBytes + bytesOf(request) <= maxWaitingBytes);
    if (sent !== undefined) this.#requests.set(request.number, { sent, model });
  }

  cancel(number: number): void {
    const accepted = this.#requests.get(number);
    if (accepted === undefined) return;
    this.#touched.add(accepted.model);
    accepted.sent.cancel();
  }

  take(number: number, count: number): void {
    const accepted = this.#requests.get(number);
    if (accepted === undefined) return;
    this.#touched.add(accepted.model);
    accepted.sent.take(count);
  }

  takeLater(number: number, count: number, waitMs: number): void {
    const accepted = this.#requests.get(number);
    accepted?.sent.takeLater(count, Math.floor(this.#nowMs) + waitMs);
  }

  unload(page: string, { name, version }: Unloaded): void {
    const { coverage } = this.#options;
    const chosen = this.#versions.filter(
      (other) => other.name === name && (version === undefined || other.version === version),
    );
    if (chosen.length === 0) coverage.count("unload what is not there");
    for (const { state, sharing } of chosen) {
      if (state === "READY") coverage.count(sharing?.model.isEmpty ? "unload idle" : "unload busy");
      if (state === "UNLOADING") coverage.count("unload while unloading");
      if (state === "LOADING") {
        coverage.count(sharing === undefined ? "unload while resolving" : "unload while loading");
      }
    }
    this.#end(chosen, page);
  }

  #sharingFor({ modelName, version }: RequestPlan): SharingOracle | OracleError {
    const { coverage } = this.#options;
    const ofName = this.#versions.filter(({ name }) => name === modelName);
    const served = ofName.filter((candidate) => this.#isServed(candidate));
    const inService = served.filter(({ failure }) => failure === undefined);
    const meant =
      version === undefined
        ? (inService.at(-1) ?? served.at(-1))
        : served.find((candidate) => candidate.version === version);
    if (meant?.sharing !== undefined) return meant.sharing;
    if (this.#isClosing()) {
      coverage.count(this.#state === "stopped" ? "server stopped" : "model gone while stopping");
      return serverStopping;
    }
    if (ofName.length === 0) {
      coverage.count("model unknown");
      return unknownModel(`'${modelName}' is not found`, "NOT_FOUND");
    }
    const isThere = ofName.some((candidate) => candidate.version === version);
    if (version === undefined) {
      coverage.count("no version ready");
      return unknownModel(`'${modelName}' has no available versions`, "NOT_FOUND");
    }
    coverage.count("version not ready");
    const what = `'${modelName}' version ${version}`;
    if (!isThere) return unknownModel(`${what} is not found`, "NOT_FOUND");
    return unknownModel(`${what} is not at ready state`, "UNAVAILABLE");
  }

  #load(load: LoadPlan): void {
    const { coverage, journal } = this.#options;
    const { name, version } = load.model;
    const isThere = (other: VersionOracle): boolean =>
      other.name === name && other.version === version;
    const existing = this.#versions.find(isThere);
    if (this.#isClosing()) {
      coverage.count("load while stopping");
      journal.note(`loading ${load.number}`, errorText(serverStopping));
    } else if (existing !== undefined && existing.state !== "UNAVAILABLE") {
      coverage.count("load while there");
      journal.note(`loading ${load.number}`, errorText(alreadyThere));
    } else {
      coverage.count("load");
      const options: VersionOptions = {
        ...this.#options,
        time: this,
        callers: this.#callers,
        cache: this.#cache,
        lookAtEndOfTurn: (model) => {
          if (!this.#looks.includes(model)) this.#looks = [...this.#looks, model];
        },
        unload: (unwanted) => {
          coverage.count("unload as soon as ready");
          this.unload(`unload of load ${unwanted.load.number}`, unwanted);
        },
      };
      const others = this.#versions.filter((other) => other !== existing);
      this.#versions = [...others, new VersionOracle(load, options)].sort(
        (one, other) => one.name.localeCompare(other.name) || one.version - other.version,
      );
    }
  }

  #drain(): void {
    const { coverage } = this.#options;
    const isBusy = this.#sharing.some(({ model }) => !model.isEmpty);
    if (this.#isClosing()) coverage.count("drain twice");
    else coverage.count(isBusy ? "drain busy" : "drain idle");
    for (const { state, sharing } of this.#versions) {
      if (state !== "LOADING") continue;
      coverage.count(sharing === undefined ? "drain while resolving" : "drain while loading");
    }
    if (!this.#isClosing()) this.#leaveTogether();
    if (this.#state !== "stopped") this.#state = "draining";
    this.#end(this.#versions, this.#nextPage("drain"));
  }

  /** Those that serve, as each of them may have callers among the others. */
  #leaveTogether(): void {
    const serving = this.#versions.filter(({ state }) => state === "READY");
    this.#leaving = serving.flatMap(({ sharing }) => sharing?.model ?? []);
    for (const model of this.#leaving) model.waitsForOthers = true;
  }

  #end(versions: readonly VersionOracle[], page: string): void {
    for (const version of versions) version.unload();
    this.#promised = [...this.#promised, { page, versions }];
  }

  #nextPage(what: "unload" | "drain"): string {
    this.#promiseCount += 1;
    return `${what} ${this.#promiseCount}`;
  }

  #isClosing(): boolean {
    return this.#state === "draining" || this.#state === "stopped";
  }

  #nextResolveMs(): number {
    return Math.min(...this.#versions.map(({ resolvesAtMs }) => resolvesAtMs));
  }

  #runDue(atMs: number): void {
    const resolving = this.#versions.find(({ resolvesAtMs }) => resolvesAtMs === atMs);
    const sharing = this.#sharing.find((candidate) => candidate.nextDueMs() === atMs);
    if (resolving !== undefined) {
      resolving.resolve();
      if (resolving.sharing !== undefined) this.#sharing = [...this.#sharing, resolving.sharing];
    } else if (sharing !== undefined) {
      this.#touched.add(sharing.model);
      sharing.runNext();
    }
    this.#settle();
  }

  /** What follows when something is over. */
  #settle(): void {
    for (const version of this.#versions) version.settle();
    this.#sharing = this.#sharing.filter(({ model }) => !model.isGone);
    const isOpen = ({ versions }: Promised): boolean =>
      versions.some(({ state }) => state === "UNLOADING");
    for (const { page } of this.#promised.filter((promised) => !isOpen(promised))) {
      this.#options.journal.note(page, "done");
      if (page.startsWith("drain")) this.#state = "stopped";
    }
    this.#promised = this.#promised.filter(isOpen);
  }

  #statisticsOf(isWanted: (model: ModelOracle) => boolean): readonly StatisticsFacts[] {
    const served = this.#versions.filter((version) => this.#isServed(version));
    const models = served.flatMap(({ sharing }) => sharing?.model ?? []);
    return models.filter(isWanted).map((model) => model.statistics());
  }

  /** A server that stops knows its models until they are gone: it has a better answer. */
  #isServed({ state, sharing }: VersionOracle): boolean {
    return sharing !== undefined && state === (this.#isClosing() ? "UNLOADING" : "READY");
  }
}
