/**
 * Histogram with fixed buckets: counts how many values are at most each bound.
 *
 * A value goes into the first bucket that takes it, found from below: most are small, and there
 * are few buckets. The sum is kept in whole units (nanoseconds of a value in
 * seconds, say), so that it stays exact.
 */

/** Cumulative; `upperBounds[i]` belongs to `counts[i]`, the last of `counts` is +Inf. */
export interface HistogramSnapshot {
  readonly upperBounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

export class Histogram {
  readonly #upperBounds: readonly number[];
  readonly #boundUnits: readonly number[];
  readonly #unitsPerValue: number;
  readonly #counts: number[];
  #sumUnits = 0;
  #count = 0;

  /** Bounds ascending; what is above the last goes into +Inf. */
  constructor(upperBounds: readonly number[], unitsPerValue: number) {
    this.#upperBounds = upperBounds;
    this.#boundUnits = upperBounds.map((bound) => bound * unitsPerValue);
    this.#unitsPerValue = unitsPerValue;
    this.#counts = Array.from({ length: upperBounds.length + 1 }, () => 0);
  }

  observe(units: number): void {
    const bounds = this.#boundUnits;
    let bucket = 0;
    while (bucket < bounds.length && units > (bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumUnits += units;
    this.#count += 1;
  }

  snapshot(): HistogramSnapshot {
    let cumulative = 0;
    const counts = this.#counts.map((count) => {
      cumulative += count;
      return cumulative;
    });
    const sum = this.#sumUnits / this.#unitsPerValue;
    return { upperBounds: this.#upperBounds, counts, sum, count: this.#count };
  }
}
