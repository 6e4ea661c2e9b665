/**
 * Draws what is about answers that are shared: which models keep answers or compute equal requests
 * once, how much room there is, and which requests ask for what another one asks for.
 *
 * From a stream of its own, and added to what was drawn without it: so runs in which nothing is
 * shared are what they would be without this file.
 */
import { Random } from "../random.ts";
import type { BatchingPlan, ModelPlan, RequestPlan } from "./plans.ts";

export interface SharingProfile {
  readonly caches: boolean;
  readonly flights: boolean;
}

const stream = 7919;

const mostRemembered = 5;

const roomy = 2 ** 20;

/** Bytes of two of the most frequent answers. */
const justTwo = 2 * 1276;

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
    if (isAlone) return random.pick([0, 1000, 1500, 2100, justTwo, 3000, 6000]);
    return random.chance(0.1) ? 0 : roomy;
  }

  ofModel(model: Omit<ModelPlan, "cacheBytes" | "singleFlight">): ModelPlan {
    const random = this.#random;
    const { isDecoupled, batching } = model;
    const isAble = !isDecoupled && batching?.preservesOrder !== true;
    const hasCache = isAble && this.profile.caches && random.chance(0.8);
    const singleFlight = isAble && this.profile.flights && random.chance(0.8);
    const isHurried = singleFlight && batching !== undefined && random.chance(0.5);
    return {
      ...model,
      ...(isHurried && { batching: this.#hurried(batching) }),
      cacheBytes: hasCache
        ? random.pick([Infinity, Infinity, 1200, 2100, justTwo, 5000])
        : undefined,
      singleFlight,
    };
  }

  /** Patience in the queue often ends while others wait for the same. */
  #hurried(batching: BatchingPlan): BatchingPlan {
    const timeoutMs = this.#random.between(1, 10);
    return {
      ...batching,
      defaultPolicy: { ...batching.defaultPolicy, action: "REJECT", timeoutMs },
      policies: [],
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
    const { content, cost, bucket, isPoisonous } = model;
    const { inputs, rows } = random.chance(0.1) ? request : model;
    const isPatientAlike = random.chance(0.7);
    return {
      ...request,
      content,
      cost,
      bucket,
      isPoisonous,
      rows,
      inputs: random.chance(0.2) ? [...inputs].reverse() : inputs,
      flavor: random.chance(0.1) ? random.between(0, 1) : model.flavor,
      requestedOutputs: random.chance(0.1) ? request.requestedOutputs : model.requestedOutputs,
      priority: isPatientAlike ? model.priority : request.priority,
      timeoutMs: isPatientAlike ? model.timeoutMs : request.timeoutMs,
    };
  }
}
