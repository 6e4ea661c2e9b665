/**
 * Real world of a run: the real inference core on a virtual clock, with simulated instances and
 * callers that write down what they hear.
 *
 * It carries out the same plans as the oracle, and writes the same lines about the same things.
 * What an answer holds is checked here: outputs belong to the inputs and are those asked for, the
 * request's own id comes back, and nothing follows the end.
 *
 * While somebody waits for a load or an unload, it pauses after each wake, so that promises can
 * settle, as they do in an event loop; so it does from the first replacement on, as nobody waits for
 * what was replaced. Otherwise a run is one synchronous stretch.
 */
import { InferenceCore } from "../../core/inference-core.ts";
import type { ModelView } from "../../core/inference-service.ts";
import type { Log } from "../../core/log.ts";
import type { ModelConfig } from "../../core/model-config.ts";
import type { ModelStatisticsSnapshot } from "../../core/model-statistics.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { sha256Digest } from "../../server/sha256-digest.ts";
import type { InstanceScript, ScriptedError } from "../instance-script.ts";
import { SimulatedHost } from "../simulated-instance.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { CountedClock } from "./counted-clock.ts";
import type { Coverage } from "./coverage.ts";
import type { Journal } from "./journal.ts";
import type { CallerAct, EventPlan, LoadPlan, RequestPlan, TakingPlan } from "./plans.ts";
import { Caller, type Heard } from "./real-caller.ts";
import { asInferRequest, asMeasures, asModelConfig, respondTo } from "./real-plans.ts";
import { errorText, reasonText, textOf } from "./real-texts.ts";
import { WatchedHost } from "./watched-host.ts";

export interface RealWorldOptions {
  readonly journal: Journal;
  readonly coverage: Coverage;
  readonly maxWaitingBytes: number;
  readonly cacheBytes: number;
  readonly startedAtWallMs: number;
  readonly scriptFor: (
    key: { readonly load: LoadPlan; readonly index: number; readonly generation: number },
    nowMs: number,
  ) => InstanceScript;
}

/** Something that stops wherever promises have to settle before it goes on. */
export type Pauses<Result = void> = Generator<void, Result, void>;

/** More wakes at one moment: it does not get on. */
const mostWakesAtOnce = 10_000;

export class RealWorld {
  readonly clock: VirtualClock;
  readonly #options: RealWorldOptions;
  readonly #coreClock: CountedClock;
  readonly #core: InferenceCore;
  readonly #loads = new Map<ModelConfig, LoadPlan>();
  readonly #callers = new Map<number, Caller>();
  /** Requests that a model's scheduler has accepted or refused for want of room, by load. */
  readonly #entered = new Map<LoadPlan, number>();
  #awaitedCount = 0;
  #hasReplaced = false;
  #promiseCount = 0;

  constructor(options: RealWorldOptions) {
    this.#options = options;
    this.clock = new VirtualClock(options.startedAtWallMs);
    this.#coreClock = new CountedClock(this.clock);
    this.#core = new InferenceCore({
      clock: this.#coreClock,
      log: this.#log(),
      metadata: { name: "simulated", version: "0", extensions: [] },
      maxWaitingBytes: options.maxWaitingBytes,
      cacheBytes: options.cacheBytes,
      digest: sha256Digest,
      onOutOfService: ({ name, version }) => this.#note(`service of ${name}/${version}`, "is out"),
    });
  }

  get state(): string {
    return this.#core.state;
  }

  get timerCount(): number {
    return this.#coreClock.openWakes;
  }

  get unansweredCount(): number {
    return [...this.#callers.values()].filter(({ isOver }) => !isOver).length;
  }

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
        this.#load("load", event.load);
        return;
      case "replace":
        this.#hasReplaced = true;
        this.#load("replace", event.load);
        return;
      case "unload":
        this.#unload(this.#nextPage("unload"), event.name, event.version);
        return;
      case "run":
        this.#core.setRunning();
        return;
      case "drain":
        this.#await(this.#nextPage("drain"), this.#core.drain(), "done");
        return;
      case "abandon":
        this.#core.abandon(asError(event.error));
    }
  }

  /** The turn of its events is over: what was asked for at this moment comes now. */
  *endTurn(): Pauses {
    if (this.#mayHaveToSettle()) yield;
    yield* this.advanceTo(this.clock.nowMs());
  }

  *advanceTo(ms: number): Pauses {
    let wakes = 0;
    while (this.clock.nextWakeMs() <= ms) {
      this.clock.runNext();
      if (this.#mayHaveToSettle()) yield;
      wakes += 1;
      if (wakes > mostWakesAtOnce) throw new Error("wakes follow each other without end");
    }
    this.clock.block(ms);
  }

  index(): readonly string[] {
    return this.#core.index().map(({ name, version, state, reason }) => {
      const isServing = state === "READY" || state === "UNLOADING";
      const isAble = isServing && this.#find(name, version)?.isReady();
      return `${name}/${version} ${state}${isAble ? " and able" : ""} ${reasonText(reason)}`;
    });
  }

  /** As the metadata of each model tells it. */
  served(): readonly string[] {
    const names = new Set(this.#core.index().map(({ name }) => name));
    return [...names].map((name) => `${name}: ${this.#versionsOf(name).join()}`);
  }

  isReady(): boolean {
    return this.#core.isReady();
  }

  statistics(name?: string, version?: number): readonly ModelStatisticsSnapshot[] {
    return this.#core.statistics(name, version);
  }

  /** What the response cache says of itself. */
  cache(): string {
    const cache = this.#core.cacheFigures();
    const { usedBytes, entryCount, hitCount, missCount, evictionCount } = cache;
    return `${entryCount} kept, ${usedBytes} bytes, ${hitCount}+${missCount}, ${evictionCount} left`;
  }

  /** How many requests have come to the scheduler of this version, which is served. */
  enteredCount(name: string, version: number): number {
    const load = this.#loads.get(this.#core.lookUp(name, version).config);
    return (load && this.#entered.get(load)) ?? 0;
  }

  send(plan: RequestPlan): void {
    const home = this.#homeOf(plan);
    const page = home === undefined || plan.isInvalid ? `r${plan.number}` : pageOf(home);
    const caller = new Caller(page, plan, (heard) => this.#hear(page, plan, heard));
    this.#callers.set(plan.number, caller);
    try {
      caller.pending = this.#core.infer(asInferRequest(plan), caller, plan);
    } catch {
      this.#note(page, `r${plan.number} makes infer throw`);
    }
    if (home === undefined || (caller.error && caller.error.reason !== "REJECTED")) return;
    this.#entered.set(home, (this.#entered.get(home) ?? 0) + 1);
  }

  cancel(number: number): void {
    this.#callers.get(number)?.pending?.cancel();
  }

  take(number: number, count: number): void {
    this.#callers.get(number)?.pending?.credit(count);
  }

  #load(how: "load" | "replace", load: LoadPlan): void {
    const { journal, coverage, scriptFor } = this.#options;
    const page = pageOf(load);
    const generations = new Map<number, number>();
    const host = new SimulatedHost({
      clock: this.clock,
      respondTo,
      scriptFor: (index) => {
        const generation = (generations.get(index) ?? 0) + 1;
        generations.set(index, generation);
        return scriptFor({ load, index, generation }, this.clock.nowMs());
      },
    });
    const config = asModelConfig(load.model);
    this.#loads.set(config, load);
    const { name, version, instanceGroups } = load.model;
    const watched = new WatchedHost({
      host,
      page,
      journal,
      coverage,
      instanceCount: instanceGroups.reduce((sum, group) => sum + group, 0),
      onAllReady: () => {
        if (load.isUnwanted) this.#unload(`unload of ${page}`, name, version);
      },
    });
    const resolved = { config, host: watched, measures: asMeasures(load.model) };
    const loading = this.#core[how]({
      name,
      version,
      resolve: (signal) =>
        new Promise((resolve, reject) => {
          if (load.givesUp) signal.addEventListener("abort", () => reject(signal.reason));
          const settle = (): void => {
            if (load.resolveError === undefined) resolve(resolved);
            else reject(asError(load.resolveError));
          };
          if (load.resolvesAtMs <= this.clock.nowMs()) settle();
          else this.clock.wakeAt(load.resolvesAtMs, settle);
        }),
    });
    this.#await(`loading ${load.number}`, loading, "loaded");
  }

  #unload(page: string, name: string, version: number | undefined): void {
    this.#await(page, this.#core.unload(name, version), "done");
  }

  #mayHaveToSettle(): boolean {
    return this.#awaitedCount > 0 || this.#hasReplaced;
  }

  /** Notes how it ends. */
  #await(page: string, promise: Promise<void>, success: string): void {
    this.#awaitedCount += 1;
    promise.then(
      () => this.#ended(page, success),
      (reason: unknown) => this.#ended(page, errorText(InferenceError.from(reason))),
    );
  }

  #ended(page: string, how: string): void {
    this.#awaitedCount -= 1;
    this.#note(page, how);
  }

  #nextPage(what: string): string {
    this.#promiseCount += 1;
    return `${what} ${this.#promiseCount}`;
  }

  #homeOf({ modelName, version }: Pick<RequestPlan, "modelName" | "version">) {
    const view = this.#find(modelName, version);
    return view && this.#loads.get(view.config);
  }

  #versionsOf(name: string): readonly string[] {
    try {
      return this.#core.modelMetadata(name, undefined).versions;
    } catch {
      return [];
    }
  }

  #find(name: string, version: number | undefined): ModelView | undefined {
    try {
      return this.#core.lookUp(name, version);
    } catch {
      return undefined;
    }
  }

  #hear(page: string, { number, taking }: RequestPlan, { line, acts, isTaking }: Heard): void {
    this.#note(page, `r${number} ${line}`);
    if (isTaking) this.#takeLater(number, taking);
    for (const act of acts) {
      if (this.#isElsewhere(page, act)) continue;
      if (act.kind === "throw") throw new Error("a simulated caller fails");
      if (act.kind === "cancel") this.cancel(act.number);
      else if (act.kind === "take") this.take(act.number, act.count);
      else if (act.kind === "send") this.send(act.request);
      else this.#unload(`unload by r${number}`, act.name, act.version);
    }
  }

  /** What it is about belongs to another load: of one moment, nobody promises an order. */
  #isElsewhere(page: string, act: CallerAct): boolean {
    const meant = this.#pageMeantBy(act);
    return meant !== undefined && isOfLoad(meant) && isOfLoad(page) && meant !== page;
  }

  #pageMeantBy(act: CallerAct): string | undefined {
    if (act.kind === "throw") return undefined;
    if (act.kind === "cancel" || act.kind === "take") return this.#callers.get(act.number)?.page;
    const whom = act.kind === "send" ? act.request : { modelName: act.name, version: act.version };
    const home = this.#homeOf(whom);
    return home && pageOf(home);
  }

  #takeLater(number: number, { count, lateMs }: TakingPlan): void {
    const atMs = Math.floor(this.clock.nowMs()) + lateMs;
    if (lateMs === 0) this.take(number, count);
    else this.clock.wakeAt(atMs, () => this.take(number, count));
  }

  #log(): Log {
    const nothing = (): void => {};
    return {
      verbose: nothing,
      info: nothing,
      warning: nothing,
      error: (message, fields) => {
        const version = fields?.version === undefined ? "" : `/${fields.version}`;
        this.#note(`log ${fields?.model}${version}`, textOf(message));
      },
    };
  }

  #note(page: string, line: string): void {
    this.#options.journal.note(page, line);
  }
}

function pageOf({ number }: LoadPlan): string {
  return `load ${number}`;
}

function isOfLoad(page: string): boolean {
  return page.startsWith("load ");
}

function asError({ code, message, reason }: ScriptedError): InferenceError {
  return new InferenceError(code, message, { reason });
}
