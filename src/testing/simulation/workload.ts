/**
 * Workload: what the outside does to the core in one run, drawn from the seed turn by turn.
 *
 * A turn is what happens between two moments at which the scheduler may look: one event, or
 * several that come together. Nothing is drawn from what the core did; so the same seed is the
 * same workload, whatever is wrong with the core.
 */
import { Random } from "../random.ts";
import { drawModel, drawSignature, type Signature } from "./draw-model.ts";
import { ReplacingDraws } from "./draw-replacing.ts";
import { SharingDraws } from "./draw-sharing.ts";
import { deadlineOf, nextWholeMs } from "./moments.ts";
import type {
  CallerAct,
  EventPlan,
  LoadPlan,
  RequestPlan,
  TakingPlan,
  TensorPlan,
} from "./plans.ts";
import { drawProfile, type Profile } from "./profile.ts";

export interface Turn {
  readonly atMs: number;
  /** What is due until then is late: nothing runs meanwhile. */
  readonly isBlocked: boolean;
  readonly events: readonly EventPlan[];
}

/** Whom a request is for. */
interface Target {
  readonly signature: Signature;
  readonly version: number | undefined;
}

const mostVersions = 2;

export class Workload {
  readonly profile: Profile;
  readonly maxWaitingBytes: number;
  /** Of the response cache. */
  readonly cacheBytes: number;
  readonly #random: Random;
  readonly #sharing: SharingDraws;
  readonly #replacing: ReplacingDraws;
  /** One version of one model is all there ever is. */
  readonly #isAlone: boolean;
  readonly #signatures: readonly Signature[];
  /** By name: versions that are there if all went well. */
  readonly #versions = new Map<string, Set<number>>();
  /** How busy it is: the longest pause between two turns. */
  readonly #longestPauseMs: number;
  /** The last request for a version of a model that was named. */
  readonly #lastNumbers = new Map<string, number>();
  /** How many came together last time, if they were many and are not about to leave. */
  #crowdSize = 0;
  #requestCount = 0;
  #loadCount = 0;
  #isRunning = false;

  constructor(seed: number) {
    this.#random = new Random(seed);
    const random = this.#random;
    this.profile = drawProfile(random);
    this.maxWaitingBytes = this.profile.byteLimit ? random.between(40, 600) : 2 ** 30;
    const names = ["a", "b", "c"].slice(0, random.between(1, 3));
    this.#signatures = names.map((name) => drawSignature(random, this.profile, name));
    this.#longestPauseMs = random.pick([0, 2, 2, 5, 20]);
    this.#sharing = new SharingDraws(seed);
    const { caches } = this.#sharing.profile;
    this.#isAlone = caches && names.length === 1 && !this.profile.reloads;
    this.cacheBytes = this.#sharing.cacheBytes(this.#isAlone);
    this.#replacing = new ReplacingDraws(seed, !this.#isAlone, {
      profile: this.profile,
      sharing: this.#sharing,
      signatures: this.#signatures,
      versions: this.#versions,
      nextNumber: () => this.#nextLoadNumber(),
    });
  }

  /** Versions are loaded anew while they serve. */
  get replaces(): boolean {
    return this.#replacing.isOn;
  }

  /** Everything is loaded first; some of it may fail. */
  first(): Turn {
    const events = this.#signatures.flatMap((signature) => {
      const versions = this.#random.chance(0.3) ? [1, 2] : [this.#random.between(1, mostVersions)];
      const loaded = this.#isAlone ? versions.slice(0, 1) : versions;
      return loaded.map((version) => this.#load({ signature, version }, 0));
    });
    return { atMs: 0, isBlocked: false, events };
  }

  next(nowMs: number): Turn {
    const random = this.#random;
    const pauseMs = this.#drawPauseMs();
    const atMs = nextWholeMs(nowMs) - 1 + pauseMs;
    // What is late in the queue and what is late in a flight come in no promised order.
    const isBlocked = this.profile.blocks && random.chance(0.1) && !this.#sharing.profile.flights;
    return { atMs, isBlocked, events: this.#replacing.among(this.#drawEvents(atMs), atMs) };
  }

  /** What ends a run, in turns with pauses between them. */
  last(nowMs: number): readonly Turn[] {
    const random = this.#random;
    let atMs = nextWholeMs(nowMs);
    const turn = (...events: readonly EventPlan[]): Turn => {
      atMs += random.between(0, 8);
      return { atMs, isBlocked: false, events: this.#replacing.among(events, atMs) };
    };
    const busy = random.chance(0.5) ? this.#drawBurst(atMs, random.between(2, 20)) : [];
    const error = { code: "UNAVAILABLE", message: "Server exiting", reason: "OTHER" } as const;
    const abandon: EventPlan = { kind: "abandon", error };
    if (this.profile.abandons && random.chance(0.3)) {
      return [turn(...busy, { kind: "drain" }, abandon)];
    }
    const turns = [turn(...busy, { kind: "drain" })];
    const extra = random.between(0, 3);
    for (let index = 0; index < extra; index += 1) turns.push(turn(this.#drawWhileDraining(atMs)));
    if (this.profile.abandons) turns.push(turn(abandon));
    return turns;
  }

  #drawPauseMs(): number {
    const random = this.#random;
    if (this.#crowdSize > 0) return random.between(0, 2);
    return random.chance(0.04) ? random.between(20, 120) : random.between(0, this.#longestPauseMs);
  }

  #drawEvents(nowMs: number): readonly EventPlan[] {
    const random = this.#random;
    const crowdSize = this.#crowdSize;
    this.#crowdSize = 0;
    if (crowdSize > 0 && random.chance(0.9)) return this.#drawExodus(crowdSize);
    const dice = random.fraction();
    if (dice < 0.1) return this.#drawBurst(nowMs, random.between(2, 12));
    if (this.profile.floods && dice < 0.13) {
      const size = random.between(90, 160);
      if (this.profile.cancels) this.#crowdSize = size;
      return this.#drawBurst(nowMs, size);
    }
    if (this.profile.cancels && dice < 0.3) return [this.#drawCancel()];
    if (this.profile.streams && dice > 0.92) return [this.#drawTake()];
    if (this.profile.reloads && dice < 0.36) return [this.#drawLifeEvent(nowMs)];
    if (!this.#isRunning && dice < 0.4) {
      this.#isRunning = true;
      return [{ kind: "run" }];
    }
    return [this.#send(this.#drawTarget(), nowMs)];
  }

  /** Requests that come together, most for one model; perhaps one goes at once. */
  #drawBurst(nowMs: number, size: number): readonly EventPlan[] {
    const random = this.#random;
    const target = this.#drawTarget();
    const requests = Array.from({ length: size }, () =>
      this.#request(random.chance(0.9) ? target : this.#drawTarget(), nowMs, true),
    );
    const events: EventPlan[] = this.#entangle(requests).map((request) => {
      return { kind: "send", request };
    });
    if (this.profile.cancels && random.chance(0.3)) events.push(this.#drawCancel());
    return events;
  }

  /** Some callers take back another of those that came together, as soon as they hear something. */
  #entangle(requests: readonly RequestPlan[]): readonly RequestPlan[] {
    const random = this.#random;
    if (!this.profile.callersAct) return requests;
    return requests.map((request, index) => {
      const { modelName, version, onEnd, onResponse } = request;
      const other = requests[index + random.pick([-2, -1, 1, 1, 2, 3])];
      const isForSame = other?.modelName === modelName && other.version === version;
      if (other === undefined || version === undefined || !isForSame) return request;
      const cancel = { kind: "cancel", number: other.number } as const;
      const dice = random.fraction();
      if (dice < 0.2) return { ...request, onEnd: [cancel, ...onEnd] };
      if (dice < 0.4) return { ...request, onResponse: [cancel, ...onResponse] };
      if (dice < 0.6 || !this.profile.streams) return request;
      const take = { kind: "take", number: other.number, count: random.between(1, 3) } as const;
      if (dice < 0.8) return { ...request, onEnd: [take, ...onEnd] };
      return { ...request, onResponse: [take, ...onResponse] };
    });
  }

  /** Most of those who came together leave together. */
  #drawExodus(size: number): readonly EventPlan[] {
    const random = this.#random;
    const share = random.pick([0.6, 0.8, 0.9]);
    const numbers = Array.from({ length: size }, (_, index) => this.#requestCount - size + index);
    return numbers
      .filter((number) => number >= 0 && random.chance(share))
      .map((number) => ({ kind: "cancel", number }));
  }

  #drawCancel(): EventPlan {
    return { kind: "cancel", number: this.#recent(this.#random.pick([4, 4, 10, 100])) };
  }

  #drawTake(): EventPlan {
    const random = this.#random;
    const number = this.#recent(random.pick([2, 4, 10, 100]));
    return { kind: "take", number, count: random.pick([1, 1, 2, 5]) };
  }

  /** How a caller takes responses. Who may leave some has no patience for ever. */
  #drawTaking(): TakingPlan {
    const random = this.#random;
    if (!this.profile.streams || random.chance(0.3)) return { every: 1, count: 1, lateMs: 0 };
    const every = random.pick([0, 1, 1, 1, 2, 3]);
    const lateMs = random.chance(0.5) ? random.between(1, random.pick([2, 10, 40])) : 0;
    return { every, count: random.chance(0.2) ? every + random.between(1, 3) : every, lateMs };
  }

  #drawDeadlineMs(nowMs: number, { every }: TakingPlan): number {
    const random = this.#random;
    const hasDeadline = this.profile.deadlines && random.chance(0.7);
    if (!hasDeadline && every === 1) return Infinity;
    const deadlineMs = Math.floor(nowMs) + random.between(-1, random.pick([5, 20, 50, 100, 300]));
    return this.#sharing.profile.flights ? deadlineOf(deadlineMs) : deadlineMs;
  }

  #drawLifeEvent(nowMs: number): EventPlan {
    const random = this.#random;
    const signature = random.pick(this.#signatures);
    const name = signature?.name ?? "a";
    const version = random.between(1, mostVersions);
    if (signature !== undefined && random.chance(0.55)) {
      return this.#load({ signature, version }, nowMs);
    }
    const unloaded = random.chance(0.3) ? undefined : version;
    if (unloaded === undefined) this.#versions.get(name)?.clear();
    else this.#versions.get(name)?.delete(unloaded);
    return { kind: "unload", name, version: unloaded };
  }

  #drawWhileDraining(nowMs: number): EventPlan {
    const kind = this.#random.pick(["drain", "run", "cancel", "send", "load", "unload"]);
    if (kind === "drain" || kind === "run") return { kind };
    if (kind === "cancel") return this.#drawCancel();
    if (kind === "unload") return { kind, name: "a", version: undefined };
    const target = this.#drawTarget();
    return kind === "send"
      ? this.#send(target, nowMs)
      : this.#load({ ...target, version: 1 }, nowMs);
  }

  #drawTarget(): Target {
    const random = this.#random;
    const signature = random.pick(this.#signatures);
    if (signature === undefined) throw new Error("a run has at least one model");
    const there = [...(this.#versions.get(signature.name) ?? [])];
    const named = random.chance(0.95) ? random.pick(there) : random.between(1, mostVersions);
    const version = random.chance(0.5) ? undefined : named;
    if (!random.chance(0.01)) return { signature, version };
    return random.chance(0.5)
      ? { signature: { ...signature, name: "nobody" }, version }
      : { signature, version: 7 };
  }

  #load(
    { signature, version }: { readonly signature: Signature; readonly version: number },
    nowMs: number,
  ): EventPlan {
    const random = this.#random;
    const fails = this.profile.loadFailures && random.chance(0.1);
    const versions = this.#versions.get(signature.name) ?? new Set();
    this.#versions.set(signature.name, versions.add(version));
    const load: LoadPlan = {
      number: this.#nextLoadNumber(),
      model: this.#sharing.ofModel(drawModel(random, this.profile, { signature, version })),
      resolvesAtMs: random.chance(0.5) ? nowMs : nowMs + random.between(1, 15) + 0.5,
      resolveError: fails
        ? { code: "INVALID_ARGUMENT", message: "fault 0", reason: "OTHER" }
        : undefined,
      givesUp: random.chance(0.5),
      takesOver: false,
      isUnwanted: this.profile.reloads && random.chance(0.05),
    };
    return { kind: "load", load };
  }

  #nextLoadNumber(): number {
    this.#loadCount += 1;
    return this.#loadCount - 1;
  }

  #send(target: Target, nowMs: number): EventPlan {
    return { kind: "send", request: this.#request(target, nowMs, true) };
  }

  #request(target: Target, nowMs: number, mayAct: boolean): RequestPlan {
    const { signature, version } = target;
    const random = this.#random;
    const { profile } = this;
    const number = this.#requestCount;
    this.#requestCount += 1;
    const isInvalid = random.chance(0.01);
    const outputs = random.pick([[], [], ["y"], ["z"], ["z", "y"]]);
    const inputs = this.#drawInputs(signature);
    const taking = this.#drawTaking();
    const request = this.#sharing.repeated({
      number,
      content: number,
      flavor: 0,
      id: random.chance(0.8) ? `r${number}` : "",
      modelName: signature.name,
      version,
      inputs,
      rows: signature.maxBatchSize === 0 ? 1 : (inputs[0]?.shape[0] ?? 1),
      requestedOutputs: isInvalid ? ["nothing"] : outputs,
      priority: profile.priorities ? random.between(0, 5) : 0,
      timeoutMs: profile.timeouts && random.chance(0.3) ? random.between(1, 20) : 0,
      deadlineMs: this.#drawDeadlineMs(nowMs, taking),
      isInvalid,
      cost: random.between(0, random.pick([2, 6, 16])),
      bucket: random.pick(["", "b", "b", "c"]) ?? "",
      isPoisonous: profile.poison && random.chance(0.25),
      // It matters only while the server drains: nothing need be drawn for it.
      isInternal: number % 4 === 0,
      taking,
      onResponse: [],
      onEnd: [],
    });
    const acts = mayAct && profile.callersAct ? this.#drawActs(target, number, nowMs) : undefined;
    this.#lastNumbers.set(keyOf(target), number);
    return { ...request, ...acts };
  }

  /** Only about requests for the same version: between two nobody promises an order. */
  #drawActs(
    target: Target,
    number: number,
    nowMs: number,
  ): Pick<RequestPlan, "onResponse" | "onEnd"> | undefined {
    if (target.version === undefined) return undefined;
    const random = this.#random;
    const onResponse: CallerAct[] = random.chance(0.1) ? [{ kind: "cancel", number }] : [];
    const onEnd: CallerAct[] = [];
    if (this.profile.streams && random.chance(0.2)) {
      const takes = { kind: "take", number, count: random.between(1, 3) } as const;
      random.pick([onResponse, onEnd])?.push(takes);
    }
    const last = this.#lastNumbers.get(keyOf(target));
    if (last !== undefined && random.chance(0.1)) onEnd.push({ kind: "cancel", number: last });
    // Between models the order of one moment is open, and bytes are shared by all.
    if (!this.profile.byteLimit && random.chance(0.1)) {
      onEnd.push({ kind: "send", request: this.#request(target, nowMs, false) });
    }
    if (this.profile.reloads && random.chance(0.01)) {
      onEnd.push({ kind: "unload", name: target.signature.name, version: target.version });
    }
    if (random.chance(0.05)) onEnd.push({ kind: "throw" });
    return { onResponse, onEnd };
  }

  #drawInputs({ inputs, maxBatchSize }: Signature): readonly TensorPlan[] {
    const random = this.#random;
    const rows = random.chance(0.6) ? 1 : random.between(1, maxBatchSize);
    const tensors = inputs
      .filter(({ isOptional }) => !isOptional || random.chance(0.7))
      .map(({ name, dims }): TensorPlan => {
        const whole = dims.map((dim) => (dim === -1 ? this.#drawDimension() : dim));
        return { name, shape: maxBatchSize === 0 ? whole : [rows, ...whole] };
      });
    return random.chance(0.2) ? tensors.reverse() : tensors;
  }

  /** Mostly the same, so that requests often may share a batch. */
  #drawDimension(): number {
    return this.#random.chance(0.85) ? 1 : 2;
  }

  #recent(most: number): number {
    return Math.max(0, this.#requestCount - this.#random.between(1, most));
  }
}

function keyOf({ signature, version }: Target): string {
  return `${signature.name}/${version ?? ""}`;
}
