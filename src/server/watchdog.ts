/**
 * Watchdog: names the inline model that holds the event loop, and says what to do about it.
 *
 * The executor measures each call of an inline model up to its first `await`: that stretch is
 * exactly what the loop had to wait for. What a model does after an `await` nobody can measure; so
 * when the loop was late, and no such stretch explains it, the models that had awaited something
 * are named as those that it may have been.
 *
 * A stretch above the threshold is logged, at most once a minute for each model, with how often it
 * happened since.
 *
 * Not here: the lag of the loop whatever its cause (metrics/event-loop-lag.ts).
 */
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";
import type { InlineWatch } from "../executor/inline-instance.ts";

export interface WatchdogOptions {
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Pick<Log, "warning">;
  readonly thresholdMs: number;
}

const pauseMs = 60_000;

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #models = new Map<string, WatchedModel>();
  /** How much of the time since the loop was last looked at is known to be a model's. */
  #explainedMs = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Cheap for a model that keeps below the threshold. */
  watch(model: string, version: number): InlineWatch {
    const key = `${model}/${version}`;
    const watched = this.#models.get(key) ?? new WatchedModel(this.#options, model, version);
    this.#models.set(key, watched);
    return {
      blocked: (durationMs) => {
        this.#explainedMs += durationMs;
        watched.blocked(durationMs);
      },
      awaits: () => watched.awaits(),
      settled: () => watched.settled(),
    };
  }

  /** To be told again and again, also of 0. */
  loopWasLate(lateMs: number): void {
    const isUnexplained = lateMs - this.#explainedMs >= this.#options.thresholdMs;
    this.#explainedMs = 0;
    for (const model of this.#models.values()) {
      if (model.takeSuspicion() && isUnexplained) model.mayHaveBlocked(lateMs);
    }
  }
}

/** What is known of one, and when it was said. */
class WatchedModel {
  readonly #options: WatchdogOptions;
  readonly #model: string;
  readonly #version: number;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #unsaidCount = 0;
  /** Calls that go on when what they await has come. */
  #awaitingCount = 0;
  #isSuspect = false;

  constructor(options: WatchdogOptions, model: string, version: number) {
    this.#options = options;
    this.#model = model;
    this.#version = version;
  }

  awaits(): void {
    this.#awaitingCount += 1;
    this.#isSuspect = true;
  }

  settled(): void {
    this.#awaitingCount -= 1;
  }

  /** Has it awaited anything since this was last asked? */
  takeSuspicion(): boolean {
    const isSuspect = this.#isSuspect;
    this.#isSuspect = this.#awaitingCount > 0;
    return isSuspect;
  }

  blocked(durationMs: number): void {
    if (durationMs < this.#options.thresholdMs) return;
    const what = `model '${this.#model}' held the event loop for ${durationMs.toFixed(0)} ms`;
    this.#tell(what, "give it");
  }

  mayHaveBlocked(lateMs: number): void {
    const what = `the event loop was held for ${lateMs.toFixed(0)} ms while model '${this.#model}' ran`;
    this.#tell(what, "if it computes after an await, give it");
  }

  #tell(what: string, advice: string): void {
    const { clock, log } = this.#options;
    const nowMs = clock.nowMs();
    if (nowMs - this.#saidAtMs < pauseMs) {
      this.#unsaidCount += 1;
      return;
    }
    const times = this.#unsaidCount;
    const again = times === 0 ? "" : ` (and ${times} more times since this was last said)`;
    log.warning(
      `${what}${again}: nothing else was served meanwhile; ${advice} a thread of its own: module: ` +
        'import.meta.url, or instances: { kind: "thread" }',
      { model: this.#model, version: this.#version },
    );
    this.#saidAtMs = nowMs;
    this.#unsaidCount = 0;
  }
}
