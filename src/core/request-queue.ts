/**
 * Request queue: what waits for an instance of one model version, in the order in which it leaves.
 *
 *   level 1:  by arrival ... | delayed ones, by the time they were delayed
 *   level 2:  by arrival ... | delayed ones ...
 *
 * Without priorities there is one level, 0. Each part is a doubly linked list through the requests
 * themselves, so entering, leaving from anywhere and being delayed cost the same whether ten or
 * ten thousand wait.
 *
 * Not here: when a request's patience ends (deadline-heap.ts), what leaves together
 * (dynamic-batcher.ts).
 */
import type { DynamicBatchingConfig, QueuePolicy } from "./model-config.ts";
import type { ScheduledRequest } from "./scheduled-request.ts";

const unlimited: QueuePolicy = {
  timeoutAction: "REJECT",
  defaultTimeoutMs: 0,
  allowTimeoutOverride: false,
  maxQueueSize: 0,
};

class Part {
  head: ScheduledRequest | undefined = undefined;
  tail: ScheduledRequest | undefined = undefined;
  length = 0;
}

export class RequestQueue {
  readonly #parts: readonly Part[];
  readonly #policies: readonly QueuePolicy[];
  readonly #defaultLevel: number;
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
    this.#parts = Array.from({ length: 2 * (levels + 1) }, () => new Part());
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
    if (maxQueueSize === 0) return false;
    const waiting =
      (this.#parts[2 * level]?.length ?? 0) + (this.#parts[2 * level + 1]?.length ?? 0);
    return waiting >= maxQueueSize;
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
    const part = this.#parts[request.part];
    if (part === undefined) return;
    const { previous, next } = request;
    if (previous === undefined) part.head = next;
    else previous.next = next;
    if (next === undefined) part.tail = previous;
    else next.previous = previous;
    request.previous = undefined;
    request.next = undefined;
    part.length -= 1;
    this.#length -= 1;
  }

  first(): ScheduledRequest | undefined {
    return this.#length === 0 ? undefined : this.#headFrom(0);
  }

  /** The one that leaves after this one, which must be waiting. */
  after(request: ScheduledRequest): ScheduledRequest | undefined {
    return request.next ?? this.#headFrom(request.part + 1);
  }

  #append(request: ScheduledRequest, index: number): void {
    const part = this.#parts[index];
    if (part === undefined) return;
    request.part = index;
    request.previous = part.tail;
    if (part.tail === undefined) part.head = request;
    else part.tail.next = request;
    part.tail = request;
    part.length += 1;
    this.#length += 1;
  }

  #headFrom(index: number): ScheduledRequest | undefined {
    for (let at = index; at < this.#parts.length; at += 1) {
      const head = this.#parts[at]?.head;
      if (head !== undefined) return head;
    }
    return undefined;
  }
}
