/**
 * Queue lane: the waiting requests of one bucket, in the order in which they leave.
 *
 *   level 1:  by arrival ... | delayed ones, by the time they were delayed
 *   level 2:  by arrival ... | delayed ones ...
 *
 * Without priorities there is one level, 0. Each part is a doubly linked list through the requests
 * themselves, so entering, leaving from anywhere and being delayed cost the same whether ten or
 * ten thousand wait.
 */
import type { ScheduledRequest } from "./scheduled-request.ts";

class Part {
  head: ScheduledRequest | undefined = undefined;
  tail: ScheduledRequest | undefined = undefined;
}

export class QueueLane {
  readonly #parts: readonly Part[];

  constructor(partCount: number) {
    this.#parts = Array.from({ length: partCount }, () => new Part());
  }

  append(request: ScheduledRequest): void {
    const part = this.#parts[request.part];
    if (part === undefined) return;
    request.previous = part.tail;
    if (part.tail === undefined) part.head = request;
    else part.tail.next = request;
    part.tail = request;
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
  }

  first(): ScheduledRequest | undefined {
    return this.#headFrom(0);
  }

  /** The one that leaves after this one, which must be waiting. */
  after(request: ScheduledRequest): ScheduledRequest | undefined {
    return request.next ?? this.#headFrom(request.part + 1);
  }

  #headFrom(index: number): ScheduledRequest | undefined {
    for (let at = index; at < this.#parts.length; at += 1) {
      const head = this.#parts[at]?.head;
      if (head !== undefined) return head;
    }
    return undefined;
  }
}

/** Does the first of this lane leave before that of the other? Neither may be empty. */
export function isBefore(lane: QueueLane, other: QueueLane): boolean {
  const [one, two] = [lane.first(), other.first()];
  if (one === undefined || two === undefined) return one !== undefined;
  return one.part === two.part ? one.enteredIndex < two.enteredIndex : one.part < two.part;
}
