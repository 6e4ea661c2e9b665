/**
 * Oracle: what a server of models must do, worked out independently of the core that does it.
 *
 * Written from the specification (scheduling, statistics, protocol texts), in words of its own, as
 * plainly as possible: lists that are searched, rules that are asked again each time. It imports
 * nothing from the core and is told nothing by it: it carries out the same plans, with the same
 * instances, and writes down what can be seen, for comparison.
 *
 * Here: whom a request is for, and the passing of time. What its caller does: callers-oracle.ts;
 * which versions there are: versions-oracle.ts; one of them: version-oracle.ts; what waits and runs
 * in it: model-oracle.ts.
 */
import type { Coverage } from "../coverage.ts";
import type { Journal } from "../journal.ts";
import {
  bytesOf,
  type CallerAct,
  type EventPlan,
  type LoadPlan,
  type RequestPlan,
} from "../plans.ts";
import type { StatisticsFacts } from "../statistics-facts.ts";
import { CacheOracle } from "./cache-oracle.ts";
import { CallersOracle, type CallersOwner, type Unloaded } from "./callers-oracle.ts";
import type { ModelOracle } from "./model-oracle.ts";
import {
  errorText,
  invalid,
  type OracleError,
  serverStopping,
  unknownModel,
} from "./oracle-errors.ts";
import type { Sent, SharingOracle } from "./sharing-oracle.ts";
import type { VersionOptions, VersionOracle } from "./version-oracle.ts";
import { VersionsOracle } from "./versions-oracle.ts";

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
  readonly sharing: SharingOracle;
}

export class Oracle implements CallersOwner {
  readonly #options: OracleOptions;
  readonly #versions: VersionsOracle;
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
    this.#versions = new VersionsOracle({
      ...options,
      time: this,
      callers: this.#callers,
      cache: this.#cache,
      lookAtEndOfTurn: (model) => {
        if (!this.#looks.includes(model)) this.#looks = [...this.#looks, model];
      },
      unload: (unwanted) => {
        options.coverage.count("unload as soon as ready");
        this.unload(`unload of load ${unwanted.load.number}`, unwanted);
      },
    });
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
      case "replace":
        this.#load(event.load, event.kind === "replace");
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
        for (const version of this.#versions.named) this.#versions.countEnd("abandon", version);
        for (const { model } of this.#versions.sharings) model.abandon(event.error);
    }
  }

  endTurn(): void {
    this.#settle();
    this.advanceTo(this.#nowMs);
  }

  index(): readonly string[] {
    return this.#versions.named.map((version) => version.describe());
  }

  isReady(): boolean {
    return this.#state === "running" && this.#versions.named.every(({ isFine }) => isFine);
  }

  /** Whom requests can be for: which versions of which model, in the order of the index. */
  served(): readonly string[] {
    const names = new Set(this.#versions.named.map(({ name }) => name));
    return [...names].map((name) => {
      return `${name}: ${this.#servedOf(name)
        .map(({ version }) => version)
        .join()}`;
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
    const all = new Set([...this.#sharing, ...this.#versions.sharings]);
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
    if (sent !== undefined) this.#requests.set(request.number, { sent, sharing });
  }

  cancel(number: number): void {
    const accepted = this.#requests.get(number);
    if (accepted === undefined) return;
    this.#touched.add(accepted.sharing.model);
    accepted.sent.cancel();
  }

  take(number: number, count: number): void {
    const accepted = this.#requests.get(number);
    if (accepted === undefined) return;
    this.#touched.add(accepted.sharing.model);
    accepted.sent.take(count);
  }

  takeLater(number: number, count: number, waitMs: number): void {
    const accepted = this.#requests.get(number);
    accepted?.sent.takeLater(count, Math.floor(this.#nowMs) + waitMs);
  }

  /** Undefined: of none. */
  loadMeantBy(act: CallerAct): number | undefined {
    if (act.kind === "throw") return undefined;
    if (act.kind === "send") {
      return this.#meant(act.request.modelName, act.request.version)?.loadNumber;
    }
    if (act.kind === "unload") return this.#meant(act.name, act.version)?.loadNumber;
    return this.#requests.get(act.number)?.sharing.loadNumber;
  }

  unload(page: string, { name, version }: Unloaded): void {
    const { coverage } = this.#options;
    const chosen = this.#versions.named.filter(
      (other) => other.name === name && (version === undefined || other.version === version),
    );
    if (chosen.length === 0) coverage.count("unload what is not there");
    for (const version of chosen) this.#versions.countEnd("unload", version);
    this.#end(chosen, page);
  }

  #sharingFor({ modelName, version }: RequestPlan): SharingOracle | OracleError {
    const { coverage } = this.#options;
    const ofName = this.#versions.named.filter(({ name }) => name === modelName);
    const meant = this.#meant(modelName, version);
    if (meant !== undefined) return meant;
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

  #meant(name: string, version: number | undefined): SharingOracle | undefined {
    const served = this.#servedOf(name);
    const inService = served.filter(({ failure }) => failure === undefined);
    const meant =
      version === undefined
        ? (inService.at(-1) ?? served.at(-1))
        : served.find((candidate) => candidate.version === version);
    return meant?.sharing;
  }

  #servedOf(name: string): readonly VersionOracle[] {
    const { named } = this.#versions;
    return named.filter((version) => version.name === name && this.#isServed(version));
  }

  #load(load: LoadPlan, isReplacing: boolean): void {
    const { coverage, journal } = this.#options;
    if (!this.#isClosing()) {
      if (isReplacing) this.#versions.replace(load);
      else this.#versions.load(load);
      return;
    }
    coverage.count(isReplacing ? "replace while stopping" : "load while stopping");
    journal.note(`loading ${load.number}`, errorText(serverStopping));
  }

  #drain(): void {
    const { coverage } = this.#options;
    const isBusy = this.#sharing.some(({ model }) => !model.isEmpty);
    if (this.#isClosing()) coverage.count("drain twice");
    else coverage.count(isBusy ? "drain busy" : "drain idle");
    for (const version of this.#versions.named) this.#versions.countEnd("drain", version);
    if (!this.#isClosing()) this.#leaveTogether();
    if (this.#state !== "stopped") this.#state = "draining";
    this.#end(this.#versions.named, this.#nextPage("drain"));
  }

  /** Those that serve, as each of them may have callers among the others. */
  #leaveTogether(): void {
    const serving = this.#versions.named.filter(({ state }) => state === "READY");
    const going = serving.flatMap((version) => this.#versions.goingBefore(version));
    this.#leaving = [...serving, ...going].flatMap(({ sharing }) => sharing?.model ?? []);
    for (const { sharing } of serving) if (sharing) sharing.model.waitsForOthers = true;
  }

  #end(versions: readonly VersionOracle[], page: string): void {
    for (const version of versions) this.#versions.unload(version);
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
    return Math.min(...this.#versions.all.map(({ resolvesAtMs }) => resolvesAtMs));
  }

  #runDue(atMs: number): void {
    const resolving = this.#versions.all.find(({ resolvesAtMs }) => resolvesAtMs === atMs);
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
    this.#versions.settle();
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
    const served = this.#versions.named.filter((version) => this.#isServed(version));
    const models = served.flatMap(({ sharing }) => sharing?.model ?? []);
    return models.filter(isWanted).map((model) => model.statistics());
  }

  /** A server that stops knows its models until they are gone: it has a better answer. */
  #isServed({ state, sharing }: VersionOracle): boolean {
    return sharing !== undefined && state === (this.#isClosing() ? "UNLOADING" : "READY");
  }
}
