/**
 * Loads of the steps of ensembles, which come before the ensembles themselves.
 *
 * Calls for one model run one after the other, and an ensemble's call waits for calls of others. So
 * one that waits, itself or through others, for the ensemble is not waited for: nobody waits for
 * himself. The core then says what is wrong with such a circle.
 *
 * Not here: whether the ensemble has what it needs (core/ensemble-models.ts).
 */
export class StepLoads {
  /** Whom each ensemble waits for just now. */
  readonly #waits = new Map<string, readonly string[]>();

  /** Resolves when all that can be waited for have ended, however they did. Once at a time each. */
  async ended(
    ensemble: string,
    steps: readonly string[],
    load: (step: string) => Promise<void>,
  ): Promise<void> {
    const awaited = steps.filter((step) => !this.#needs(step, ensemble));
    if (awaited.length === 0) return;
    this.#waits.set(ensemble, awaited);
    await Promise.allSettled(awaited.map(load));
    this.#waits.delete(ensemble);
  }

  #needs(name: string, other: string): boolean {
    if (name === other) return true;
    const waits = this.#waits.get(name) ?? [];
    return waits.some((next) => this.#needs(next, other));
  }
}
