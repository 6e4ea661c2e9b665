/**
 * Repository poller: looks at the folders again and again, and loads and unloads what has changed.
 *
 * The next look comes a pause after the last one has ended, with all that it began. What cannot be
 * read is told in the log, and changes nothing.
 *
 * Not here: what counts as a change (core/repository-watch.ts).
 */
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import { RepositoryWatch } from "../../core/repository-watch.ts";
import type { ModelRepository } from "./model-repository.ts";

export interface PollerOptions {
  readonly repository: ModelRepository;
  readonly clock: Clock;
  readonly log: Log;
  readonly pauseMs: number;
}

export class RepositoryPoller {
  readonly #options: PollerOptions;
  #watch: RepositoryWatch | undefined;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** What is there now counts as tried. Before that is loaded: so no change in between is lost. */
  async start(): Promise<void> {
    this.#watch = new RepositoryWatch(await this.#options.repository.states());
    this.#sleep();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #sleep(): void {
    const { clock, pauseMs } = this.#options;
    if (this.#isClosed) return;
    this.#cancel = clock.wakeAt(clock.nowMs() + pauseMs, () => {
      void this.poll().finally(() => this.#sleep());
    });
  }

  /** Resolves when all that it began has ended. */
  async poll(): Promise<void> {
    const { repository, log } = this.#options;
    try {
      const { load = [], unload = [] } = this.#watch?.observe(await repository.states()) ?? {};
      const gone = unload.map((name) => repository.unload(name));
      // Each failure is in the log, and in the index.
      const loads = await repository.loadAll({ failureLevel: "error" }, load);
      await Promise.allSettled([...gone, ...loads.map((each) => each.load)]);
    } catch (error) {
      log.error("the model repositories cannot be looked at", { error });
    }
  }
}
