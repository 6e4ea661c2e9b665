/**
 * Simulation of ensembles: one run, a function of its seed alone.
 *
 * Models and ensembles of them are drawn (units.ts), and served by the real core on a virtual clock,
 * with instances that take their time, fail, and stream (unit-configs.ts). Callers send, leave, take
 * what streams at their own pace; models and ensembles are unloaded and loaded again meanwhile; at
 * last the server drains, or is cut off.
 *
 * Each load of a model computes something else. Checked: each request ends exactly once. One that
 * succeeds has had just the responses that its unit computes, by units.ts, with the models that
 * served when it came, in all its steps; one that fails has had no others, and failed for a reason
 * that is known to have been there, told with the names of the ensembles around it. In particular:
 * what was accepted never fails because a model of a step was unloaded or replaced; what cannot be
 * replaced serves on; and who is refused is so because something is not there. Who leaves hears it at once, and no
 * deadline passes unheard. Readers of one stream are never sent more than its window ahead. Counters
 * add up. In the end nothing is left: no request, no instance, no timer.
 */
import { InferenceCore } from "../../core/inference-core.ts";
import type { Log } from "../../core/log.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { sha256Digest } from "../../server/sha256-digest.ts";
import { inferRequest } from "../core-fixture.ts";
import { Random } from "../random.ts";
import { CountedClock } from "../simulation/counted-clock.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { Caller, insist, textOf, uses } from "./caller.ts";
import { type Happened, Judge } from "./judge.ts";
import { configOf, UnitHost, wireTensors } from "./unit-configs.ts";
import {
  drawEnsemble,
  drawModel,
  drawSuccessor,
  evaluate,
  isBatching,
  type ModelUnit,
  type Tensors,
  type Unit,
} from "./units.ts";

const longestRunMs = 100_000;
const nothing = (): void => {};

export async function simulateEnsembles(seed: number, happened: Happened): Promise<void> {
  const run = new EnsembleWorld(seed, happened);
  try {
    await run.live();
  } catch (error) {
    throw new Error(`seed ${seed}, at ${run.nowMs} ms: ${String(error)}`, { cause: error });
  }
}

class EnsembleWorld {
  readonly #random: Random;
  readonly #clock = new VirtualClock();
  readonly #countedClock = new CountedClock(this.#clock);
  readonly #core: InferenceCore;
  readonly #units: readonly Unit[];
  readonly #fails: boolean;
  readonly #judge: Judge;
  readonly #callers: Caller[] = [];
  readonly #down = new Set<string>();
  /** What answers whoever comes; undefined: an ensemble, which is what it always is. */
  readonly #loaded = new Map<string, ModelUnit | undefined>();
  /** Loads that began before are void. */
  readonly #unloadedAt = new Map<string, number>();
  #loadCount = 0;
  #awaitedCount = 0;
  #isDrained = false;
  /** A caller found something wrong: the core goes on, as it must. */
  #problem: unknown = undefined;
  readonly #logged: Log["error"] = (message, fields) => {
    if (message === "the receiver of an answer failed") this.#problem ??= fields?.error;
  };

  constructor(seed: number, happened: Happened) {
    const random = new Random(seed);
    this.#random = random;
    const mayStream = random.chance(0.6);
    const count = random.between(2, 4);
    const units: Unit[] = Array.from({ length: count }, (_, index) =>
      drawModel(random, `m${index}`, mayStream && index > 0),
    );
    for (let index = random.between(1, 3); index > 0; index -= 1) {
      units.push(drawEnsemble(random, `e${units.length}`, units));
    }
    this.#units = units;
    this.#fails = random.chance(0.5);
    this.#judge = new Judge({ clock: this.#clock, happened, fails: this.#fails });
    this.#core = new InferenceCore({
      clock: this.#countedClock,
      log: { verbose: nothing, info: nothing, warning: nothing, error: this.#logged },
      metadata: { name: "simulated", version: "0", extensions: [] },
      maxWaitingBytes: 2 ** 30,
      cacheBytes: random.pick([0, 2 ** 20]),
      digest: sha256Digest,
    });
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  async live(): Promise<void> {
    const random = this.#random;
    for (const unit of this.#units) this.#load(unit);
    await this.#advanceTo(20);
    this.#core.setRunning();
    for (let turn = 0; turn < 120; turn += 1) {
      await this.#advanceTo(Math.floor(this.nowMs) + random.pick([0, 1, 1, 2, 5, 15]));
      this.#event();
      this.#checkStatistics();
    }
    await this.#end();
  }

  #event(): void {
    const random = this.#random;
    const dice = random.fraction();
    if (dice < 0.12) for (let count = random.between(2, 8); count > 0; count -= 1) this.#send();
    else if (dice < 0.22) random.pick(this.#callers.slice(-8))?.cancel();
    else if (dice < 0.35) random.pick(this.#callers.slice(-8))?.take(random.between(1, 3));
    else if (dice < 0.39) this.#unload(random.pick(this.#units));
    else if (dice < 0.46) this.#load(random.pick(this.#units));
    else this.#send();
  }

  #send(): void {
    const random = this.#random;
    const ensembles = this.#units.filter(({ kind }) => kind === "ensemble");
    const unit = random.pick(random.chance(0.8) ? ensembles : this.#units);
    if (unit === undefined) return;
    const number = this.#callers.length;
    const rowCount = isBatching(unit) ? random.between(1, Math.min(3, unit.maxBatchSize)) : 1;
    const given = unit.inputs.filter(({ isOptional }) => !isOptional || random.chance(0.7));
    const mostDifferent = random.pick([1, 999_999, 999_999]);
    const inputs = Object.fromEntries(
      given.map(({ name }) => {
        return [name, Array.from({ length: rowCount }, () => random.between(0, mostDifferent))];
      }),
    );
    const isPatient = random.chance(0.8);
    const takes = isPatient || !unit.isDecoupled ? random.pick(["at once", "late"]) : "never";
    const deadlineMs =
      takes === "never" || random.chance(0.2)
        ? Math.floor(this.nowMs) + random.between(-1, 40)
        : Number.POSITIVE_INFINITY;
    const requestedOutputs = unit.outputs.filter(() => random.chance(0.3));
    const caller = new Caller({
      unit,
      expected: this.#expected(unit, inputs, requestedOutputs),
      deadlineMs,
      takes: takes === "at once" ? () => caller.take(1) : nothing,
      isRefused: this.#judge.isDraining || !this.#serves(unit),
      ended: (error) => this.#judge.ended(caller, error),
    });
    this.#callers.push(caller);
    caller.isBeingSent = true;
    caller.pending = this.#core.infer(
      inferRequest({
        modelName: unit.name,
        id: `r${number}`,
        inputs: wireTensors(inputs, unit.maxBatchSize > 0),
        requestedOutputs,
      }),
      caller,
      { deadlineMs },
    );
    caller.isBeingSent = false;
    if (takes === "late") this.#takeLater(caller);
  }

  /** Outputs of each response, as text. */
  #expected(unit: Unit, inputs: Tensors, requested: readonly string[]): readonly string[] {
    const wanted = requested.length === 0 ? unit.outputs : requested;
    return evaluate(unit, inputs, this.#loaded).map((response) => textOf(response, wanted));
  }

  #takeLater(caller: Caller): void {
    this.#clock.wakeAt(this.nowMs + this.#random.between(1, 6), () => {
      if (caller.isOver) return;
      caller.take(this.#random.between(1, 2));
      this.#takeLater(caller);
    });
  }

  #load(unit: Unit | undefined): void {
    if (unit === undefined) return;
    const { name } = unit;
    const number = this.#loadCount;
    const random = new Random(number, this.#random.between(0, 1e9));
    this.#loadCount += 1;
    const config = configOf(unit, random);
    const isReplacing = this.#random.chance(0.4);
    const fails = isReplacing && this.#random.chance(0.3);
    const fields = { clock: this.#clock, random, fails: this.#fails };
    const model = unit.kind === "model" ? drawSuccessor(random, unit) : undefined;
    const source = model ? { config, host: new UnitHost({ unit: model, ...fields }) } : { config };
    // Refused if it is there, or if a model of it is not: then it is loaded another time.
    const offered = {
      name,
      version: 1,
      resolve: () =>
        fails
          ? Promise.reject(new InferenceError("INVALID_ARGUMENT", "cannot be loaded"))
          : Promise.resolve(source),
    };
    const isNeeded = this.#callers.some((caller) => !caller.isOver && uses(caller.unit, unit));
    if (isReplacing && isNeeded) {
      this.#judge.note(
        fails
          ? "a model could not be replaced under a request"
          : "a step's model was replaced under a request",
      );
    }
    const loading = isReplacing ? this.#core.replace(offered) : this.#core.load(offered);
    const loaded = loading.then(() => {
      insist(!fails, `${name} could not be loaded`);
      if (number >= (this.#unloadedAt.get(name) ?? 0)) this.#loaded.set(name, model);
    });
    this.#await(loaded);
  }

  #unload(unit: Unit | undefined): void {
    if (unit === undefined) return;
    const isNeeded = this.#callers.some((caller) => !caller.isOver && uses(caller.unit, unit));
    if (isNeeded && this.#loaded.has(unit.name))
      this.#judge.note("a step's model was unloaded under a request");
    this.#loaded.delete(unit.name);
    this.#unloadedAt.set(unit.name, this.#loadCount);
    this.#await(this.#core.unload(unit.name));
    this.#noteDown();
  }

  #noteDown(): void {
    for (const { kind, name } of this.#units) {
      const line = this.#core.index().find((entry) => entry.name === name);
      const isDown = kind === "ensemble" && line?.state === "UNAVAILABLE";
      if (isDown) this.#down.add(name);
      else if (this.#down.delete(name)) this.#judge.note("an ensemble was up again");
    }
    if (this.#down.size > 0) this.#judge.note("an ensemble was down");
  }

  /** With all its steps. */
  #serves(unit: Unit): boolean {
    if (!this.#loaded.has(unit.name)) return false;
    return unit.kind === "model" || unit.steps.every((step) => this.#serves(step.unit));
  }

  #await(promise: Promise<void>): void {
    this.#awaitedCount += 1;
    const settled = (): void => {
      this.#awaitedCount -= 1;
    };
    promise.then(settled, settled);
  }

  async #advanceTo(ms: number): Promise<void> {
    await this.#settle();
    while (this.#clock.nextWakeMs() <= ms) {
      this.#clock.runNext();
      await this.#settle();
    }
    this.#clock.block(ms);
    for (const caller of this.#callers) caller.check(this.nowMs);
    if (this.#problem !== undefined) throw this.#problem;
  }

  async #settle(): Promise<void> {
    if (this.#awaitedCount === 0) return;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  async #end(): Promise<void> {
    const random = this.#random;
    this.#judge.isDraining = true;
    this.#await(
      this.#core.drain().then(() => {
        this.#isDrained = true;
      }),
    );
    this.#send();
    if (random.chance(0.3)) {
      await this.#advanceTo(this.nowMs + random.between(0, 3));
      this.#judge.isCutOff = true;
      this.#core.abandon(new InferenceError("UNAVAILABLE", "cut off"));
    }
    while (!this.#isDrained && this.nowMs < longestRunMs) {
      for (const caller of this.#callers) caller.take(10);
      await this.#advanceTo(Math.min(this.#clock.nextWakeMs(), this.nowMs + 100));
    }
    await this.#settle();
    const open = this.#callers.filter(({ isOver }) => !isOver);
    insist(open.length === 0, `requests are left: ${open.map(({ unit }) => unit.name).join()}`);
    insist(this.#isDrained && this.#core.state === "stopped", "the server has stopped");
    insist(this.#core.statistics().length === 0, "no model is left");
    if (!this.#judge.isCutOff) insist(this.#countedClock.openWakes === 0, "no timer is left");
  }

  #checkStatistics(): void {
    for (const facts of this.#core.statistics()) {
      const { modelName, success, queue, computeInfer, executingCount, pendingCount } = facts;
      const ownCount = success.count - facts.cacheHit.count - facts.shared.count;
      const unit = this.#units.find(({ name }) => name === modelName);
      insist(executingCount >= 0 && pendingCount >= 0, `${modelName}: nothing is negative`);
      insist(queue.count === success.count, `${modelName}: each success has waited`);
      insist(computeInfer.count === ownCount, `${modelName}: each success was computed, or shared`);
      if (unit?.kind !== "ensemble") continue;
      if (facts.cacheHit.count > 0) this.#judge.note("an ensemble answered from the cache");
      if (facts.shared.count > 0) this.#judge.note("an ensemble answered several at once");
      insist(facts.executionCount === ownCount, `${modelName}: runs are executions`);
      const isWaitless = queue.ns === 0 || unit.sharing.singleFlight;
      insist(pendingCount === 0 && isWaitless, `${modelName}: it never waits`);
      const { CANCELED, OTHER, BACKEND, REJECTED } = facts.failures;
      insist(BACKEND + REJECTED === 0, `${modelName}: a failed ensemble is OTHER`);
      insist(facts.fail.count === CANCELED + OTHER, `${modelName}: failures add up`);
    }
  }
}
