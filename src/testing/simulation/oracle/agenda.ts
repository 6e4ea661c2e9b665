/**
 * Agenda: what will happen by itself, by its moment; at one moment in the order of entry.
 *
 * An entry has a condition. Once that is false the entry is void: it counts no more, and never
 * runs.
 */
interface Entry {
  readonly atMs: number;
  readonly isValid: () => boolean;
  readonly run: () => void;
}

export class Agenda {
  #entries: Entry[] = [];

  add(atMs: number, isValid: () => boolean, run: () => void): void {
    if (atMs !== Number.POSITIVE_INFINITY) this.#entries.push({ atMs, isValid, run });
  }

  /** Infinity: nothing. */
  nextMs(): number {
    return this.#next()?.atMs ?? Number.POSITIVE_INFINITY;
  }

  runNext(): void {
    const next = this.#next();
    this.#entries = this.#entries.filter((entry) => entry !== next);
    next?.run();
  }

  #next(): Entry | undefined {
    this.#entries = this.#entries.filter((entry) => entry.isValid());
    let earliest: Entry | undefined;
    for (const entry of this.#entries) {
      if (earliest === undefined || entry.atMs < earliest.atMs) earliest = entry;
    }
    return earliest;
  }
}
