/**
 * Outgoing lanes: what waits to be written on one stream, each kind in a lane of its own.
 *
 * A lane keeps its order. Lanes take turns, one item each, so that a request with much to say does
 * not hold up the others. Both operations take the same time however many lanes there are.
 *
 *   lane a:  a1 a2 a3
 *   lane b:  b1               taken: a1 b1 c1 a2 c2 a3
 *   lane c:  c1 c2
 */
export class OutgoingLanes<Item> {
  /** Those that have something, in the order of their turns. */
  readonly #ready = new Line<Lane<Item>>();

  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  newLane(): Lane<Item> {
    return new Lane((lane) => this.#ready.push(lane));
  }

  /** Undefined: nothing waits. */
  take(): Item | undefined {
    const lane = this.#ready.shift();
    if (lane === undefined) return undefined;
    const item = lane.items.shift();
    if (lane.items.length > 0) this.#ready.push(lane);
    return item;
  }

  clear(): void {
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      lane.items.clear();
    }
  }
}

export class Lane<Item> {
  readonly items: Line<Item> = new Line();
  readonly #becameReady: (lane: Lane<Item>) => void;

  constructor(becameReady: (lane: Lane<Item>) => void) {
    this.#becameReady = becameReady;
  }

  push(item: Item): void {
    this.items.push(item);
    if (this.items.length === 1) this.#becameReady(this);
  }
}

/** First in, first out. */
class Line<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head];
    if (this.#head >= this.#items.length) return undefined;
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head * 2 < this.#items.length) return item;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }
}
