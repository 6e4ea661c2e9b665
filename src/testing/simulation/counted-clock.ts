/**
 * Counted clock: a clock that knows how many wakes its user still waits for.
 *
 * Between the core and the virtual clock, so that a timer that is left behind shows.
 */
import type { Clock } from "../../core/clock.ts";

export class CountedClock implements Clock {
  readonly #clock: Clock;
  #openWakes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get openWakes(): number {
    return this.#openWakes;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    let isOpen = true;
    const close = (): void => {
      if (isOpen) this.#openWakes -= 1;
      isOpen = false;
    };
    this.#openWakes += 1;
    const cancel = this.#clock.wakeAt(atMs, () => {
      close();
      wake();
    });
    return () => {
      close();
      cancel();
    };
  }
}
