/**
 * Draws what is loaded anew while it serves: when, what comes, and how long that takes.
 *
 * From a stream of its own, and added to what was drawn without it: so runs in which nothing is
 * replaced are what they would be without this file.
 */
import { Random } from "../random.ts";
import { drawModel, type Signature } from "./draw-model.ts";
import type { SharingDraws } from "./draw-sharing.ts";
import { takeOverMoment } from "./moments.ts";
import type { EventPlan } from "./plans.ts";
import type { Profile } from "./profile.ts";

export interface ReplacingOptions {
  readonly profile: Profile;
  readonly sharing: SharingDraws;
  readonly signatures: readonly Signature[];
  /** Versions that are there if all went well, by name. */
  readonly versions: ReadonlyMap<string, ReadonlySet<number>>;
  readonly nextNumber: () => number;
}

const stream = 104_729;

export class ReplacingDraws {
  readonly #random: Random;
  readonly #options: ReplacingOptions;
  readonly #chance: number;

  constructor(seed: number, isPossible: boolean, options: ReplacingOptions) {
    this.#random = new Random(seed, stream);
    this.#options = options;
    const isDrawn = this.#random.chance(0.25);
    this.#chance = isDrawn && isPossible ? this.#random.pick([0.03, 0.08, 0.2]) : 0;
  }

  /** It happens in this run at all. */
  get isOn(): boolean {
    return this.#chance > 0;
  }

  /** Perhaps one comes in this turn, among its other events. */
  among(events: readonly EventPlan[], nowMs: number): readonly EventPlan[] {
    if (!this.isOn || !this.#random.chance(this.#chance)) return events;
    const at = this.#random.between(0, events.length);
    return [...events.slice(0, at), ...this.#draw(nowMs), ...events.slice(at)];
  }

  #draw(nowMs: number): readonly EventPlan[] {
    const random = this.#random;
    const { profile, sharing, signatures, versions, nextNumber } = this.#options;
    const signature = random.pick(signatures);
    if (signature === undefined) return [];
    const there = [...(versions.get(signature.name) ?? [])];
    const version = random.pick(there);
    if (version === undefined) return [];
    const model = sharing.ofModel(drawModel(random, profile, { signature, version }));
    const fails = profile.loadFailures && random.chance(0.2);
    const load = {
      number: nextNumber(),
      model,
      resolvesAtMs: takeOverMoment(nowMs, random.between(0, random.pick([1, 5, 20]))),
      resolveError: fails
        ? ({ code: "INVALID_ARGUMENT", message: "fault 0", reason: "OTHER" } as const)
        : undefined,
      givesUp: random.chance(0.5),
      takesOver: true,
      isUnwanted: profile.reloads && random.chance(0.05),
    };
    return [{ kind: "replace", load }];
  }
}
