/**
 * Event loop lag: how late the main thread's event loop is, measured by a timer that knows when
 * it should have fired.
 *
 * Each tick schedules the next; whatever holds the loop makes it late by as much. A block shorter
 * than the interval is seen in part only, or not at all: the figure is for the shape of the day,
 * and what a single model does to the loop is measured where it is called, as far as it can be
 * (watchdog.ts).
 */
import { Histogram, type HistogramSnapshot } from "../../core/histogram.ts";
import { every } from "../system-clock.ts";

/** Often enough for blocks of a few milliseconds, seldom enough to cost nothing. */
const intervalMs = 20;

/** Seconds. */
const bounds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

const nsPerS = 1e9;

export class EventLoopLag {
  readonly #lag = new Histogram(bounds, nsPerS);
  readonly #end: () => void;
  readonly #onLate: (lateMs: number) => void;
  #dueMs = performance.now() + intervalMs;

  /** Told of each tick, also of one that is not late. */
  constructor(onLate: (lateMs: number) => void) {
    this.#onLate = onLate;
    this.#end = every(intervalMs, () => this.#tick());
  }

  snapshot(): HistogramSnapshot {
    return this.#lag.snapshot();
  }

  close(): void {
    this.#end();
  }

  #tick(): void {
    const nowMs = performance.now();
    const lateMs = Math.max(0, nowMs - this.#dueMs);
    this.#lag.observe(Math.round(lateMs * 1e6));
    this.#dueMs = nowMs + intervalMs;
    this.#onLate(lateMs);
  }
}
