/**
 * Deadline heap: who has to be looked at next, among requests that have a timeout or a deadline.
 *
 * A binary heap by `dueMs`. A request that ends stays in it until it comes up or until the ended
 * ones are the majority; then they are swept out. So ending costs nothing, adding costs log n, and
 * the heap is never more than twice as large as what is alive.
 *
 * A request is due when `now > dueMs`. Not at `dueMs` itself: a timer has to be set a little later
 * (`wakeMs`), or it would come in vain.
 */
/** One microsecond: what timeouts are configured in. */
const granularityMs = 0.001;

const smallestSweep = 64;

/** What the heap knows of a request. */
export interface TrackedRequest {
  readonly stage: string;
  readonly dueMs: number;
  /** Tells apart what is due at one moment. */
  readonly arrivalIndex: number;
  isTracked: boolean;
}

export class DeadlineHeap<Item extends TrackedRequest> {
  #requests: Item[] = [];
  #endedCount = 0;

  /** With `request.dueMs` finite, and not yet tracked. */
  add(request: Item): void {
    request.isTracked = true;
    this.#requests.push(request);
    this.#moveUp(this.#requests.length - 1);
  }

  /** To be told of each tracked request that has ended. */
  noteEnded(): void {
    this.#endedCount += 1;
    const { length } = this.#requests;
    if (length >= smallestSweep && this.#endedCount * 2 > length) this.#sweep();
  }

  /** Takes out the earliest one that is due and still lives. */
  takeDue(nowMs: number): Item | undefined {
    const request = this.#earliest();
    if (request === undefined || nowMs <= request.dueMs) return undefined;
    this.#removeTop();
    return request;
  }

  /** When `takeDue` will have something; Infinity: nothing is tracked. */
  wakeMs(): number {
    const request = this.#earliest();
    return request === undefined ? Number.POSITIVE_INFINITY : request.dueMs + granularityMs;
  }

  #earliest(): Item | undefined {
    let top = this.#requests[0];
    while (top !== undefined && top.stage === "ended") {
      this.#removeTop();
      this.#endedCount -= 1;
      top = this.#requests[0];
    }
    return top;
  }

  #removeTop(): void {
    const top = this.#requests[0];
    const last = this.#requests.pop();
    if (top === undefined || last === undefined) return;
    top.isTracked = false;
    if (top === last) return;
    this.#requests[0] = last;
    this.#moveDown(0);
  }

  #sweep(): void {
    const alive: Item[] = [];
    for (const request of this.#requests) {
      if (request.stage === "ended") request.isTracked = false;
      else alive.push(request);
    }
    this.#requests = alive;
    this.#endedCount = 0;
    for (let index = (alive.length >> 1) - 1; index >= 0; index -= 1) this.#moveDown(index);
  }

  #moveUp(from: number): void {
    const requests = this.#requests;
    const request = requests[from];
    if (request === undefined) return;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = requests[parentIndex];
      if (parent === undefined || !isBefore(request, parent)) break;
      requests[index] = parent;
      index = parentIndex;
    }
    requests[index] = request;
  }

  #moveDown(from: number): void {
    const requests = this.#requests;
    const request = requests[from];
    if (request === undefined) return;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = requests[childIndex];
      const right = requests[childIndex + 1];
      if (child === undefined) break;
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!isBefore(child, request)) break;
      requests[index] = child;
      index = childIndex;
    }
    requests[index] = request;
  }
}

/** Equally due ones in order of arrival, so that delaying them keeps their order. */
function isBefore(one: TrackedRequest, other: TrackedRequest): boolean {
  if (one.dueMs !== other.dueMs) return one.dueMs < other.dueMs;
  return one.arrivalIndex < other.arrivalIndex;
}
