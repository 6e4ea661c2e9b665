/**
 * Watchdog: names the inline model that holds the event loop, and says what to do about it.
 *
 * The executor measures each call of an inline model up to its first `await`: that stretch is
 * exactly what the loop had to wait for. A stretch above the threshold is logged, at most once a
 * minute for each model, with how often it happened since.
 *
 * Not here: the lag of the loop whatever its cause (metrics/event-loop-lag.ts).
 */
import type { Clock } from "../core/clock.ts";
import type { Log } from "../core/log.ts";

export interface WatchdogOptions {
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Pick<Log, "warning">;
  readonly thresholdMs: number;
}

interface Offender {
  readonly saidAtMs: number;
  unsaidCount: number;
}

const pauseMs = 60_000;

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #offenders = new Map<string, Offender>();

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** An inline model held the event loop for so long. Cheap below the threshold. */
  blocked(model: string, version: number, durationMs: number): void {
    const { clock, log, thresholdMs } = this.#options;
    if (durationMs < thresholdMs) return;
    const key = `${model}/${version}`;
    const nowMs = clock.nowMs();
    const offender = this.#offenders.get(key);
    if (offender !== undefined && nowMs - offender.saidAtMs < pauseMs) {
      offender.unsaidCount += 1;
      return;
    }
    const times = offender?.unsaidCount ?? 0;
    const again = times === 0 ? "" : ` (and ${times} more times since this was last said)`;
    log.warning(
      `model '${model}' held the event loop for ${durationMs.toFixed(0)} ms${again}: nothing ` +
        "else was served meanwhile; give it a thread of its own: module: import.meta.url, or " +
        'instances: { kind: "thread" }',
      { model, version },
    );
    this.#offenders.set(key, { saidAtMs: nowMs, unsaidCount: 0 });
  }
}
