/**
 * Random: chance from a seed. The same seed gives the same numbers, on any machine.
 *
 * Several parts make one seed, so that independent streams can be named (`new Random(seed, load,
 * instance)`): drawing more from one of them changes nothing in the others.
 *
 * Not for secrets. The generator is a counter whose bits are mixed ("lowbias32"): 32 bits of state
 * are enough for a simulation of some thousand draws.
 */
export class Random {
  #state = 0;

  constructor(...seed: readonly number[]) {
    for (const part of seed) this.#state = mix(this.#state ^ mix(part | 0));
  }

  /** From 0 to below 1. */
  fraction(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return (mix(this.#state) >>> 0) / 2 ** 32;
  }

  /** An integer; both ends included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** Undefined only if there are no items. */
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  pick<Item>(items: readonly Item[]): Item | undefined;
  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.between(0, items.length - 1)];
  }
}

function mix(value: number): number {
  let bits = value ^ (value >>> 16);
  bits = Math.imul(bits, 0x21f0aaad);
  bits ^= bits >>> 15;
  bits = Math.imul(bits, 0x735a2d97);
  return bits ^ (bits >>> 15);
}
