/**
 * Simulation of the inference core: one run, a pure function of its seed.
 *
 * The same plans are carried out twice: by the real core with simulated instances on a virtual
 * clock, and by the oracle, which knows nothing of the core. After each step (the events of one
 * turn, or one moment at which something is due to either) everything that can be seen must be the
 * same: which batch went to which instance, who heard what in which order, counters, states,
 * readiness. A moment counts if either of the two has something to do in it; so what the core
 * does too late shows at the moment at which it should have been done.
 *
 * At the end everybody has been answered once, every instance is gone, and no timer is left.
 */
import type { Coverage } from "./coverage.ts";
import { describeEvent } from "./describe-event.ts";
import { brokenInvariants } from "./invariants.ts";
import { Journal } from "./journal.ts";
import { Oracle } from "./oracle/oracle.ts";
import type { EventPlan } from "./plans.ts";
import { type Pauses, RealWorld } from "./real-world.ts";
import { ScriptBook } from "./script-book.ts";
import { holds, statisticsLines } from "./statistics-facts.ts";
import { type Turn, Workload } from "./workload.ts";

export interface RunOptions {
  readonly coverage: Coverage;
  /** Hears what happens, line by line. */
  readonly narrate?: (line: string) => void;
}

export interface RunResult {
  readonly eventCount: number;
  readonly stepCount: number;
}

/** Of a run, at least. */
export const fewestEvents = 200;

/** Seeds from 0 on that every `npm test` runs. */
export const fixedSeedCount = 2000;

/** No half milliseconds: `last_inference` is rounded, and must not be a close call. */
const startedAtWallMs = 1_700_000_000_000.01;

const stepsPerFullComparison = 16;

const recentLineCount = 24;

const settled = Promise.resolve();

/** By then everything has come to rest, or never will. */
const longestRunMs = 1_000_000;

/** Rejects with the first difference, and what came before it. */
export async function simulate(seed: number, options: RunOptions): Promise<RunResult> {
  const run = new Run(seed, options);
  const { stackTraceLimit } = Error;
  // Errors are answers here, thousands of them: what they cost is mostly their stacks.
  if (options.narrate === undefined) Error.stackTraceLimit = 0;
  try {
    const steps = run.play();
    let step = steps.next();
    while (!step.done) {
      await promisesSettle();
      step = steps.next();
    }
    return step.value;
  } catch (reason) {
    const why = reason instanceof Error ? reason.message : String(reason);
    throw new Error(`seed ${seed}: ${why}\n${run.recentLines.join("\n")}`, { cause: reason });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The longest chain of awaits in the core, with room to spare. */
async function promisesSettle(): Promise<void> {
  for (let turn = 0; turn < 24; turn += 1) await settled;
}

class Run {
  readonly #options: RunOptions;
  readonly #workload: Workload;
  readonly #expected: Journal;
  readonly #actual: Journal;
  readonly #oracle: Oracle;
  readonly #real: RealWorld;
  readonly #recent: (() => string)[] = [];
  #eventCount = 0;
  #stepCount = 0;

  constructor(seed: number, options: RunOptions) {
    this.#options = options;
    this.#workload = new Workload(seed);
    this.#expected = new Journal(!this.#workload.replaces);
    this.#actual = new Journal(!this.#workload.replaces);
    const book = new ScriptBook(seed, this.#workload.profile);
    const shared = {
      coverage: options.coverage,
      maxWaitingBytes: this.#workload.maxWaitingBytes,
      cacheBytes: this.#workload.cacheBytes,
      startedAtWallMs,
      scriptFor: book.scriptFor.bind(book),
    };
    this.#oracle = new Oracle({ ...shared, journal: this.#expected });
    this.#real = new RealWorld({ ...shared, journal: this.#actual });
  }

  get recentLines(): readonly string[] {
    return this.#recent.map((line) => line());
  }

  *play(): Pauses<RunResult> {
    yield* this.#take(this.#workload.first());
    while (this.#eventCount < fewestEvents) {
      yield* this.#take(this.#workload.next(this.#oracle.nowMs));
    }
    if (!this.#workload.profile.endsBusy) {
      yield* this.#runUntil(longestRunMs);
      this.#check("unanswered requests when all is quiet", [0], [this.#real.unansweredCount]);
    }
    for (const turn of this.#workload.last(this.#oracle.nowMs)) yield* this.#take(turn);
    yield* this.#runUntil(2 * longestRunMs);
    this.#check("state in the end", ["stopped"], [this.#real.state]);
    this.#check("unanswered requests in the end", [0], [this.#real.unansweredCount]);
    this.#check("timers left in the end", [0], [this.#real.timerCount]);
    return { eventCount: this.#eventCount, stepCount: this.#stepCount };
  }

  *#take({ atMs, isBlocked, events }: Turn): Pauses {
    if (isBlocked) yield* this.#block(atMs);
    yield* this.#runUntil(atMs);
    this.#countTurn(events);
    for (const event of events) {
      this.#say(() => describeEvent(event));
      this.#oracle.perform(event);
      this.#real.perform(event);
      this.#check("server state", [this.#oracle.state], [this.#real.state]);
    }
    this.#eventCount += events.length;
    this.#oracle.endTurn();
    yield* this.#real.endTurn();
    this.#compare();
  }

  #countTurn(events: readonly EventPlan[]): void {
    const kinds = events.map(({ kind }) => kind);
    const { coverage } = this.#options;
    if (kinds.length >= 2) coverage.count("burst");
    if (kinds.filter((kind) => kind === "send").length >= 64) coverage.count("flood");
    if (kinds.filter((kind) => kind === "cancel").length >= 64) coverage.count("crowd leaves");
    if (kinds.includes("drain") && kinds.includes("abandon")) coverage.count("abandon at once");
  }

  /** The event loop hangs for a while, at most until an instance would act. */
  *#block(untilMs: number): Pauses {
    const endMs = Math.min(untilMs, Math.floor(this.#oracle.nextActMs()));
    if (this.#oracle.nextDueMs() < endMs) this.#options.coverage.count("event loop blocked");
    this.#say(() => `blocked until ${endMs} ms`);
    this.#oracle.block(endMs);
    this.#real.clock.block(endMs);
    yield* this.#advanceTo(this.#oracle.nowMs);
  }

  *#runUntil(ms: number): Pauses {
    for (;;) {
      const nextMs = Math.min(this.#real.clock.nextWakeMs(), this.#oracle.nextDueMs());
      if (nextMs > ms) break;
      yield* this.#advanceTo(nextMs);
    }
    if (ms < longestRunMs) yield* this.#advanceTo(ms);
  }

  *#advanceTo(ms: number): Pauses {
    this.#oracle.advanceTo(ms);
    yield* this.#real.advanceTo(ms);
    this.#compare();
  }

  #compare(): void {
    const oracle = this.#oracle;
    const real = this.#real;
    this.#stepCount += 1;
    const expected = this.#expected.take();
    for (const line of expected) this.#say(() => `    ${line}`);
    this.#check("what happened", expected, this.#actual.take());
    this.#check("server state", [oracle.state], [real.state]);
    this.#check("index", oracle.index(), real.index());
    this.#check("readiness", [oracle.isReady()], [real.isReady()]);
    this.#check("cache", [oracle.cacheText()], [real.cache()]);
    const isFull = this.#stepCount % stepsPerFullComparison === 0 || oracle.state === "draining";
    if (isFull) this.#check("served versions", oracle.served(), real.served());
    if (isFull || this.#workload.profile.readsOften) this.#compareStatistics(isFull);
    if (real.timerCount > oracle.timerCount()) {
      this.#check("timers, at most", [oracle.timerCount()], [real.timerCount]);
    }
  }

  /** After each step of the models it was about, of all of them now and then. */
  #compareStatistics(isForAll: boolean): void {
    const wanted = isForAll ? this.#oracle.statistics() : this.#oracle.newStatistics();
    const statistics = isForAll
      ? this.#real.statistics()
      : wanted.flatMap(({ modelName, modelVersion }) =>
          this.#real.statistics(modelName, modelVersion),
        );
    if (!holds(statistics, wanted)) {
      const [expected, actual] = [wanted, statistics].map((all) => all.flatMap(statisticsLines));
      this.#check("statistics", expected ?? [], actual ?? []);
    }
    for (const facts of statistics) {
      const entered = this.#real.enteredCount(facts.modelName, facts.modelVersion);
      const broken = brokenInvariants(facts, entered);
      this.#check(`invariants of ${facts.modelName}/${facts.modelVersion}`, [], broken);
    }
  }

  #check(what: string, expected: readonly unknown[], actual: readonly unknown[]): void {
    const { length } = expected;
    if (length === actual.length && expected.every((line, index) => line === actual[index])) return;
    const where = `step ${this.#stepCount}, at ${this.#oracle.nowMs} ms`;
    throw new Error(
      `${where}: ${what}\n${differences(expected.map(String), actual.map(String))}\nbefore that:`,
    );
  }

  #say(what: () => string): void {
    const { narrate } = this.#options;
    const atMs = this.#oracle.nowMs;
    const line = (): string => `${atMs} ms: ${what()}`;
    narrate?.(line());
    this.#recent.push(line);
    if (this.#recent.length > recentLineCount) this.#recent.shift();
  }
}

/** Lines that only one of the two has; if there are none, all from the first difference on. */
function differences(expected: readonly string[], actual: readonly string[]): string {
  const first = expected.findIndex((line, index) => line !== actual[index]);
  const from = first === -1 ? expected.length : first;
  const onlyIn = (lines: readonly string[], others: readonly string[]): readonly string[] => {
    const own = lines.filter((line) => !others.includes(line));
    return own.length > 0 ? own : lines.slice(from);
  };
  const show = (mark: string, lines: readonly string[]): readonly string[] =>
    lines.slice(0, 8).map((line) => `  ${mark} ${line}`);
  const wanted = show("expected:", onlyIn(expected, actual));
  return [...wanted, ...show("got:     ", onlyIn(actual, expected))].join("\n");
}
