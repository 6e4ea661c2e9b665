/**
 * Virtual clock: time that passes only when it is told to, for tests and simulations.
 *
 * Wakes run one by one, in order of their time, those of one moment in the order in which they
 * were asked for; also one for `now` waits for its turn. While a wake runs, it is that moment.
 * Whoever lets promises settle between two wakes, as an event loop does, calls `runNext` itself.
 *
 * Kept as a sorted list: there are few wakes at a time.
 */
import type { Clock } from "../core/clock.ts";

interface Wake {
  readonly atMs: number;
  readonly run: () => void;
}

export class VirtualClock implements Clock {
  readonly #startedAtWallMs: number;
  #nowMs = 0;
  #wakes: Wake[] = []; // Next one first.

  constructor(startedAtWallMs = 1_700_000_000_000) {
    this.#startedAtWallMs = startedAtWallMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#startedAtWallMs + this.#nowMs;
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    const entry: Wake = { atMs, run: wake };
    if (atMs !== Number.POSITIVE_INFINITY) {
      const laterIndex = this.#wakes.findIndex((other) => other.atMs > atMs);
      this.#wakes.splice(laterIndex === -1 ? this.#wakes.length : laterIndex, 0, entry);
    }
    return () => {
      this.#wakes = this.#wakes.filter((other) => other !== entry);
    };
  }

  /** Infinity: nothing is left to happen. */
  nextWakeMs(): number {
    return this.#wakes[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Goes to the next wake and runs it. False if there is none. */
  runNext(): boolean {
    const next = this.#wakes.shift();
    if (next === undefined) return false;
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    next.run();
    return true;
  }

  /** Runs all that is due up to this moment, and stays there. */
  advanceTo(ms: number): void {
    while (this.nextWakeMs() <= ms) this.runNext();
    this.block(ms);
  }

  advance(durationMs: number): void {
    this.advanceTo(this.#nowMs + durationMs);
  }

  /** Time passes and nothing runs, as when an event loop is blocked: what is due will be late. */
  block(untilMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}
