/**
 * Request queue: what waits for an instance of one model version, in a lane for each bucket.
 *
 * Most models have no buckets, and so one lane. Where they have, lanes are made when a request
 * comes for them and forgotten when they are empty; so there are never more than requests.
 *
 * Not here: when a request's patience ends (deadline-heap.ts), what leaves together
 * (dynamic-batcher.ts).
 */
import type { DynamicBatchingConfig, QueuePolicy } from "./model-config.ts";
import { isBefore, QueueLane } from "./queue-lane.ts";
import type { ScheduledRequest } from "./scheduled-request.ts";

const unlimited: QueuePolicy = {
  timeoutAction: "REJECT",
  defaultTimeoutMs: 0,
  allowTimeoutOverride: false,
  maxQueueSize: 0,
};

export class RequestQueue {
  readonly #policies: readonly QueuePolicy[];
  readonly #defaultLevel: number;
  /** By level. */
  readonly #lengths: number[];
  /** Of requests without a bucket. */
  readonly #lane: QueueLane;
  /** By bucket; none is empty. */
  readonly #lanes: Map<string | number, QueueLane> = new Map();
  #enteredCount = 0;
  #length = 0;

  /** Undefined: one level without limits or timeouts. */
  constructor(config: DynamicBatchingConfig | undefined) {
    const levels = config?.priorityLevels ?? 0;
    const defaultPolicy = config?.defaultQueuePolicy ?? unlimited;
    this.#defaultLevel = levels === 0 ? 0 : (config?.defaultPriorityLevel ?? 1);
    this.#policies = Array.from(
      { length: levels + 1 },
      (_, level) => config?.priorityQueuePolicies.get(level) ?? defaultPolicy,
    );
    this.#lengths = this.#policies.map(() => 0);
    this.#lane = this.#newLane();
  }

  get length(): number {
    return this.#length;
  }

  /** 0 and what is above the model's levels mean the default level. */
  levelOf(priority: number): number {
    return priority > 0 && priority < this.#policies.length ? priority : this.#defaultLevel;
  }

  policyOf(level: number): QueuePolicy {
    return this.#policies[level] ?? unlimited;
  }

  /** Of a request that waits. */
  levelIn(request: ScheduledRequest): number {
    return request.part >> 1;
  }

  isLevelFull(level: number): boolean {
    const { maxQueueSize } = this.policyOf(level);
    return maxQueueSize > 0 && (this.#lengths[level] ?? 0) >= maxQueueSize;
  }

  append(request: ScheduledRequest, level: number): void {
    this.#append(request, 2 * level);
  }

  /** It has waited too long, but may wait on behind the others of its level. */
  delay(request: ScheduledRequest): void {
    this.remove(request);
    this.#append(request, request.part | 1);
  }

  remove(request: ScheduledRequest): void {
    const lane = this.#laneOf(request);
    lane?.remove(request);
    this.#length -= 1;
    this.#lengths[request.part >> 1] = (this.#lengths[request.part >> 1] ?? 0) - 1;
    const { bucket } = request;
    if (bucket !== undefined && lane?.first() === undefined) this.#lanes.delete(bucket);
  }

  /** Whose first request leaves first; undefined: nothing waits. */
  firstLane(): QueueLane | undefined {
    if (this.#lanes.size === 0) return this.#lane.first() !== undefined ? this.#lane : undefined;
    let first: QueueLane | undefined;
    for (const lane of this.#lanes.values()) {
      if (first === undefined || isBefore(lane, first)) first = lane;
    }
    return first;
  }

  /** Those that are not empty, in the order of their first requests. */
  lanes(): readonly QueueLane[] {
    if (this.#lanes.size === 0) return this.#lane.first() !== undefined ? [this.#lane] : [];
    return [...this.#lanes.values()].sort((one, other) => (isBefore(one, other) ? -1 : 1));
  }

  #append(request: ScheduledRequest, part: number): void {
    request.part = part;
    request.enteredIndex = this.#enteredCount;
    this.#enteredCount += 1;
    this.#length += 1;
    this.#lengths[part >> 1] = (this.#lengths[part >> 1] ?? 0) + 1;
    let lane = this.#laneOf(request);
    if (lane === undefined) {
      lane = this.#newLane();
      if (request.bucket !== undefined) this.#lanes.set(request.bucket, lane);
    }
    lane.append(request);
  }

  #laneOf({ bucket }: ScheduledRequest): QueueLane | undefined {
    return bucket === undefined ? this.#lane : this.#lanes.get(bucket);
  }

  #newLane(): QueueLane {
    return new QueueLane(2 * this.#policies.length);
  }
}
