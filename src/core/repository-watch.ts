/**
 * Repository watch: from what a model repository looks like, time after time, to what is to be
 * loaded and unloaded.
 *
 * A model that is new or has changed is loaded when it looks the same twice: one that is being
 * written does not. What has been tried counts as known, whether it loaded or failed, until it
 * changes again. What is gone is unloaded at once.
 *
 * Not here: how it looks (server/repository/folder-state.ts), and when (the server's timer).
 */
export interface Changes {
  /** Names, as they come in what was seen. */
  readonly load: readonly string[];
  readonly unload: readonly string[];
}

export class RepositoryWatch {
  /** How each model looked when it was tried, by name. */
  readonly #known = new Map<string, string>();
  /** How each looked last time. */
  #seen: ReadonlyMap<string, string> = new Map();

  /** At the start all there is has been tried. */
  constructor(states: ReadonlyMap<string, string>) {
    this.#seen = states;
    for (const [name, state] of states) this.#known.set(name, state);
  }

  /** The states of all models there are, by name. */
  observe(states: ReadonlyMap<string, string>): Changes {
    const load: string[] = [];
    for (const [name, state] of states) {
      const isNew = this.#known.get(name) !== state;
      if (!isNew || this.#seen.get(name) !== state) continue;
      this.#known.set(name, state);
      load.push(name);
    }
    const unload = [...this.#known.keys()].filter((name) => !states.has(name));
    for (const name of unload) this.#known.delete(name);
    this.#seen = states;
    return { load, unload };
  }
}
