/**
 * Model turns: calls for one model are carried out one after the other, those for several side by
 * side.
 */
export class ModelTurns {
  /** The latest call for each model, until it has ended. */
  readonly #latest = new Map<string, Promise<void>>();

  /** When all before it for this model have ended, however they did. */
  run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#latest.get(name) ?? Promise.resolve();
    const running = before.then(work);
    const ended = running.then(
      () => {},
      () => {},
    );
    this.#latest.set(name, ended);
    void ended.then(() => {
      if (this.#latest.get(name) === ended) this.#latest.delete(name);
    });
    return running;
  }

  /** Resolves when there is none, of whatever model. */
  async ended(): Promise<void> {
    while (this.#latest.size > 0) await Promise.all(this.#latest.values());
  }
}
