/**
 * Bisection: which of several requests make an execution fail, found by running halves of them.
 *
 * A part that failed is halved, the smaller half first, until single requests fail. When the first
 * half passes, the second one is known to hold a guilty request, and is not run as a whole. So with
 * k guilty among n requests there are at most 2k * log2(n) executions after the first one.
 *
 *   a b c d e f G h        failed
 *   a b c d                passed, so the others hold it
 *           e f            passed
 *               G          failed: guilty
 *                 h        passed
 *
 * Whoever has no use for a request any more (its caller has gone) leaves it out of the next part.
 */
interface Part<Item> {
  readonly items: readonly Item[];
  /** It holds a guilty one: that is known without running it. */
  isSuspect: boolean;
}

export class Bisection<Item> {
  readonly #isWanted: (item: Item) => boolean;
  /** Still to be run; last the next one. */
  readonly #parts: Part<Item>[];
  /** The part that runs, and the half that comes after it. */
  #running: Part<Item> | undefined = undefined;
  #otherHalf: Part<Item> | undefined = undefined;

  /** Of at least two, which have failed together. */
  constructor(items: readonly Item[], isWanted: (item: Item) => boolean) {
    this.#isWanted = isWanted;
    this.#parts = [{ items, isSuspect: true }];
  }

  /** Nothing is left to run. */
  get isOver(): boolean {
    return this.#parts.length === 0;
  }

  /** What to run next; undefined: nothing is left. */
  next(): readonly Item[] | undefined {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      const items = part.items.filter(this.#isWanted);
      if (items.length === 0) continue;
      if (part.isSuspect && items.length > 1) this.#halve(items);
      else {
        this.#running = { items, isSuspect: part.isSuspect };
        return items;
      }
    }
    return undefined;
  }

  passed(): void {
    if (this.#otherHalf !== undefined) this.#otherHalf.isSuspect = true;
    this.#otherHalf = undefined;
  }

  /** Of a single request that is its own end. */
  failed(): void {
    const items = this.#running?.items ?? [];
    this.#otherHalf = undefined;
    if (items.length > 1) this.#parts.push({ items, isSuspect: true });
  }

  #halve(items: readonly Item[]): void {
    const middle = items.length >> 1;
    const other = { items: items.slice(middle), isSuspect: false };
    this.#parts.push(other, { items: items.slice(0, middle), isSuspect: false });
    this.#otherHalf = other;
  }
}
