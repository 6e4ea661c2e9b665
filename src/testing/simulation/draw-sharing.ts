/**
 * Draws what is about answers that are shared: which models keep answers or compute equal requests
 * once, how much room there is, and which requests ask for what another one asks for.
 *
 * From a stream of its own, and added to what was drawn without it: so runs in which nothing is
 * shared are what they would be without this file.
 */
import { Random } from "../random.ts";
import type { ModelPlan, RequestPlan } from "./plans.ts";

export interface SharingProfile {
  readonly caches: boolean;
  readonly flights: boolean;
}

const stream = 7919;

const mostRemembered = 5;

const roomy = 2 ** 20;

export class SharingDraws {
  readonly profile: SharingProfile;
  readonly #random: Random;
  /** Latest last, by the model's name. */
  readonly #earlier = new Map<string, RequestPlan[]>();

  constructor(seed: number) {
    this.#random = new Random(seed, stream);
    this.profile = { caches: this.#random.chance(0.3), flights: this.#random.chance(0.3) };
  }

  /** Between models nobody promises an order, so only one alone gets into want of room. */
  cacheBytes(isAlone: boolean): number {
    const random = this.#random;
    if (isAlone) return random.pick([0, 1000, 1500, 3000, 4000, 6000]);
    return random.chance(0.1) ? 0 : roomy;
  }

  ofModel(model: Omit<ModelPlan, "cacheBytes" | "singleFlight">): ModelPlan {
    const random = this.#random;
    const { isDecoupled, batching } = model;
    const isAble = !isDecoupled && batching?.preservesOrder !== true;
    const hasCache = isAble && this.profile.caches && random.chance(0.8);
    return {
      ...model,
      cacheBytes: hasCache ? random.pick([Infinity, Infinity, 1200, 2500, 5000]) : undefined,
      singleFlight: isAble && this.profile.flights && random.chance(0.8),
    };
  }

  /** Perhaps it asks for what one of the last ones for this model asked for, or for nearly that. */
  repeated(request: RequestPlan): RequestPlan {
    const { caches, flights } = this.profile;
    if ((!caches && !flights) || request.isInvalid) return request;
    const random = this.#random;
    const earlier = this.#earlier.get(request.modelName) ?? [];
    const model = random.chance(0.7) ? random.pick(earlier) : undefined;
    const repeated = model === undefined ? request : this.#like(model, request);
    this.#earlier.set(request.modelName, [...earlier.slice(1 - mostRemembered), repeated]);
    return repeated;
  }

  #like(model: RequestPlan, request: RequestPlan): RequestPlan {
    const random = this.#random;
    const { content, inputs, rows } = model;
    const isPatientAlike = random.chance(0.7);
    return {
      ...request,
      content,
      rows,
      inputs: random.chance(0.2) ? [...inputs].reverse() : inputs,
      flavor: random.chance(0.1) ? random.between(0, 1) : model.flavor,
      requestedOutputs: random.chance(0.1) ? request.requestedOutputs : model.requestedOutputs,
      priority: isPatientAlike ? model.priority : request.priority,
      timeoutMs: isPatientAlike ? model.timeoutMs : request.timeoutMs,
    };
  }
}
