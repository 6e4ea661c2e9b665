/**
 * Script book: what each instance of a run does, drawn from the seed.
 *
 * A script is a pure function of the seed, the load, the place, how many instances were there
 * before, and of what it is asked. So the real core and the oracle, which ask on their own, meet
 * the same instances.
 *
 * The fifth instance of a place behaves, so that every run can come to its end. Only the first
 * place of a model hangs while it runs: of two that exceed their limit at one moment, no document
 * says which is noticed first. It never hangs for ever where responses are held back: nobody can
 * take those, and so nobody notices.
 */
import type {
  ExecutionStep,
  ExitStep,
  InstanceScript,
  LoadStep,
  RespondStep,
  ScriptedAnswer,
  ScriptedError,
  ScriptedTimes,
} from "../instance-script.ts";
import { Random } from "../random.ts";
import { instanceMoment, takeOverMoment } from "./moments.ts";
import type { LoadPlan } from "./plans.ts";
import type { Profile } from "./profile.ts";

export interface InstanceKey {
  readonly load: LoadPlan;
  readonly index: number;
  /** 1 for the first in its place. */
  readonly generation: number;
}

const lastUnruly = 4;

const poison: ScriptedError = { code: "INTERNAL", message: "poison", reason: "BACKEND" };

/** More than places have counters of their own. */
const torrentParts = 260;

export class ScriptBook {
  readonly #seed: number;
  readonly #profile: Profile;

  constructor(seed: number, profile: Profile) {
    this.#seed = seed;
    this.#profile = profile;
  }

  scriptFor(key: InstanceKey, nowMs: number): InstanceScript {
    const random = new Random(this.#seed, key.load.number, key.index, key.generation);
    return new DrawnScript(random, this.#profile, key, nowMs);
  }
}

class DrawnScript implements InstanceScript {
  readonly load: LoadStep;
  readonly crash: ExitStep | undefined;
  readonly heedsAborts: boolean;
  readonly talksOn: boolean;
  readonly endsWhenAbandoned: boolean;
  readonly #random: Random;
  readonly #profile: Profile;
  readonly #isUnruly: boolean;
  readonly #mayHang: boolean;
  readonly #mayHangForEver: boolean;
  readonly #isDecoupled: boolean;
  readonly #paceMs: number;
  readonly #answersAtOnce: boolean;
  readonly #stopWaitMs: number;
  /** Tells apart what it says to those who take. */
  #creditCount = 0;

  constructor(random: Random, profile: Profile, key: InstanceKey, nowMs: number) {
    const { generation, load } = key;
    const { isDecoupled, batching } = load.model;
    this.#random = random;
    this.#profile = profile;
    this.#isUnruly = generation <= lastUnruly;
    this.#isDecoupled = isDecoupled;
    this.#mayHang = profile.hangs && key.index === 0;
    const isHolding = isDecoupled && batching?.preservesOrder === true;
    this.#mayHangForEver = this.#mayHang && this.#isUnruly && !isHolding;
    this.#paceMs = random.pick([0, 2, 5, 15, profile.hangs && key.index > 0 ? 15 : 40]);
    this.#answersAtOnce = profile.atOnce && random.chance(0.3);
    this.heedsAborts = random.chance(0.5);
    this.talksOn = profile.misbehaves && random.chance(0.3);
    this.endsWhenAbandoned = random.chance(0.4);
    this.load = this.#drawLoad(key, nowMs);
    this.crash = this.#drawCrash(nowMs);
    const stopsAtOnce = random.chance(0.5);
    this.#stopWaitMs = stopsAtOnce ? -1 : random.between(0, 10);
    if (profile.hangs && random.chance(0.1)) this.#stopWaitMs = Infinity;
  }

  stopsAtMs(nowMs: number): number {
    return this.#stopWaitMs < 0 ? nowMs : instanceMoment(nowMs, this.#stopWaitMs);
  }

  execute(requestCount: number, nowMs: number, isPoisoned: boolean): readonly ExecutionStep[] {
    const random = this.#random;
    const isSlow = this.#mayHang && random.chance(this.#isDecoupled ? 0.1 : 0.02);
    const waitMs = isSlow ? random.between(20, 80) : random.between(0, this.#paceMs);
    const isAtOnce = this.#answersAtOnce && random.chance(0.5);
    const endMs = isAtOnce ? nowMs : instanceMoment(nowMs, waitMs);
    const before: ExecutionStep[] = [];
    for (let index = 0; index < requestCount; index += 1) {
      if (this.#isDecoupled ? random.chance(0.7) : this.#profile.early && random.chance(0.35)) {
        before.push(...this.#early(index, nowMs, endMs));
      }
    }
    if (this.#profile.misbehaves && random.chance(0.05)) {
      const requestIndex = random.pick([-1, requestCount]);
      before.push(respond(requestIndex, { atMs: endMs, part: 0, isFinal: true }));
    }
    before.sort((one, other) => one.atMs - other.atMs);
    const end = this.#drawEnd(requestCount, { nowMs, endMs, isPoisoned });
    return [...before, ...end, ...this.#late(endMs)];
  }

  onAbort(requestCount: number, nowMs: number): readonly RespondStep[] {
    const random = this.#random;
    if (!this.#profile.early || !random.chance(0.4)) return [];
    const indexes = Array.from({ length: requestCount }, (_, index) => index);
    return indexes
      .filter(() => random.chance(0.5))
      .map((requestIndex) => {
        const isFinal = random.chance(0.2);
        return respond(requestIndex, { atMs: nowMs, part: 8, isFinal });
      });
  }

  onCredit(requestIndex: number, nowMs: number): readonly RespondStep[] {
    const random = this.#random;
    if (!random.chance(0.25)) return [];
    this.#creditCount += 1;
    const atMs = random.chance(0.5) ? nowMs : instanceMoment(nowMs, random.between(0, 10));
    const part = 1000 + this.#creditCount;
    return [respond(requestIndex, { atMs, part, isFinal: random.chance(0.15) })];
  }

  #drawLoad({ generation, load }: InstanceKey, nowMs: number): LoadStep {
    const random = this.#random;
    const isFirst = generation === 1;
    const readyMoment = load.takesOver && isFirst ? takeOverMoment : instanceMoment;
    const atMs = random.chance(0.3) ? nowMs : readyMoment(nowMs, random.between(0, 20));
    const failureChance = isFirst ? 0.04 : 0.25;
    if (this.#profile.loadFailures && this.#isUnruly && random.chance(failureChance)) {
      return { ...this.#drawExit(atMs), atMs: instanceMoment(nowMs, random.between(0, 20)) };
    }
    const hangs = this.#profile.hangs && this.#isUnruly && random.chance(failureChance / 2);
    if (!hangs) return { kind: "ready", atMs };
    // Some are only too late: they are ready when another has taken their place.
    const lateMs = readyMoment(nowMs, random.between(26, 100));
    return { kind: "ready", atMs: random.chance(0.5) ? lateMs : Infinity };
  }

  #drawCrash(nowMs: number): ExitStep | undefined {
    const { crashes } = this.#profile;
    if (!crashes || !this.#isUnruly || !this.#random.chance(0.4)) return undefined;
    return this.#drawExit(instanceMoment(nowMs, this.#random.between(1, 300)));
  }

  #drawExit(atMs: number): ExitStep {
    const random = this.#random;
    const error = random.chance(0.2) ? undefined : this.#drawError();
    return { kind: "exit", atMs, error, isFinal: random.chance(0.07) };
  }

  #drawError(): ScriptedError {
    const random = this.#random;
    return {
      code: random.pick(["INTERNAL", "INVALID_ARGUMENT", "UNAVAILABLE"]),
      message: `fault ${random.between(1, 9)}`,
      reason: random.pick(["BACKEND", "OTHER"]),
    };
  }

  /** One or more answers to a request before the end. */
  #early(requestIndex: number, nowMs: number, endMs: number): ExecutionStep[] {
    const random = this.#random;
    const longestMs = this.#isDecoupled ? Math.max(1, endMs - nowMs) : 10;
    const drawMoment = (): number => {
      const waitMs = random.between(0, longestMs);
      return Math.min(endMs, random.chance(0.2) ? nowMs : instanceMoment(nowMs, waitMs));
    };
    const isTorrent = this.#isDecoupled && random.chance(0.006);
    const partCount = isTorrent ? torrentParts : random.between(0, this.#isDecoupled ? 8 : 4);
    const wordCount = random.chance(0.5) ? 0 : this.#profile.misbehaves ? random.between(1, 2) : 1;
    const moments = Array.from({ length: partCount + wordCount }, drawMoment);
    const steps = moments
      .sort((one, other) => one - other)
      .map((atMs, part): ExecutionStep => {
        const isFinal = part >= partCount;
        if (isFinal && this.#profile.failures && random.chance(0.3)) {
          return { kind: "fail", atMs, requestIndex, error: this.#drawError() };
        }
        const isEmpty = this.#mayBeEmpty(isFinal) && random.chance(0.3);
        return respond(requestIndex, { atMs, part, isFinal, isEmpty });
      });
    return steps;
  }

  /** The last one may say nothing but that no more will come. */
  #mayBeEmpty(isFinal: boolean): boolean {
    return this.#isDecoupled && (isFinal || this.#profile.misbehaves);
  }

  #drawEnd(
    requestCount: number,
    {
      nowMs,
      endMs,
      isPoisoned,
    }: { readonly nowMs: number; readonly endMs: number; readonly isPoisoned: boolean },
  ): ExecutionStep[] {
    const random = this.#random;
    const { failures, crashes } = this.#profile;
    const times = this.#drawTimes(nowMs, endMs);
    if (this.#isUnruly && crashes && random.chance(0.04)) return [this.#drawExit(endMs)];
    if (this.#mayHangForEver && random.chance(this.#isDecoupled ? 0.06 : 0.02)) return [];
    if (isPoisoned) return [{ kind: "failed", atMs: endMs, times, error: poison }];
    if (failures && random.chance(0.05)) {
      return [{ kind: "failed", atMs: endMs, times, error: this.#drawError() }];
    }
    if (failures && endMs === nowMs && random.chance(0.2)) return [{ kind: "throw", atMs: nowMs }];
    const answers = Array.from({ length: requestCount }, () => this.#drawAnswer());
    if (this.#profile.misbehaves && random.chance(0.05)) answers.pop();
    return [{ kind: "done", atMs: endMs, times, answers }];
  }

  #drawAnswer(): ScriptedAnswer {
    const { failures, misbehaves } = this.#profile;
    if (failures && this.#random.chance(0.05)) return this.#drawError();
    if (this.#isDecoupled) return this.#random.chance(0.7) ? undefined : "response";
    return misbehaves && this.#random.chance(0.03) ? undefined : "response";
  }

  #drawTimes(nowMs: number, endMs: number): ScriptedTimes {
    const random = this.#random;
    const offMs = this.#profile.misbehaves && random.chance(0.2) ? random.between(-40, 40) : 0;
    return {
      computeInputEndMs: nowMs + offMs + random.between(0, 2) / 4,
      computeOutputStartMs: endMs - offMs - random.between(0, 2) / 4,
    };
  }

  /** What an instance that misbehaves says about an execution that it has ended. */
  #late(endMs: number): ExecutionStep[] {
    if (!this.#profile.misbehaves || !this.#random.chance(0.1)) return [];
    const atMs = this.#random.chance(0.5)
      ? endMs
      : instanceMoment(endMs, this.#random.between(0, 9));
    const times = { computeInputEndMs: endMs, computeOutputStartMs: endMs };
    return [
      respond(0, { atMs, part: 9, isFinal: true }),
      { kind: "fail", atMs, requestIndex: 0, error: this.#drawError() },
      { kind: "done", atMs, times, answers: ["response"] },
      { kind: "failed", atMs, times, error: this.#drawError() },
    ];
  }
}

function respond(
  requestIndex: number,
  {
    isEmpty = false,
    ...response
  }: Pick<RespondStep, "atMs" | "part" | "isFinal"> & { readonly isEmpty?: boolean },
): RespondStep {
  return { kind: "respond", requestIndex, ...response, isEmpty };
}
