/**
 * System clock: the real time, for the core. The one place with a timer.
 *
 * A timer of Node counts whole milliseconds, and configured delays are often 0.1 ms. So a wait is
 * slept in whole milliseconds; what remains, less than one, passes in turns of the event loop:
 * the loop stays awake for it, and handles whatever arrives meanwhile. Never early: a timer that
 * fires a fraction too soon waits for the rest.
 *
 * `nowMs` is `performance.now()`, so that deadlines can be made by anybody in the same thread.
 */
import type { Clock } from "../core/clock.ts";

/** What a timer of Node can hold; a longer wait is slept in pieces. */
const longestTimerMs = 2 ** 31 - 1;

const cancelNothing = (): void => {};

export class SystemClock implements Clock {
  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now();
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    if (atMs === Number.POSITIVE_INFINITY) return cancelNothing;
    let timer: NodeJS.Timeout | undefined;
    let turn: NodeJS.Immediate | undefined;
    const wait = (): void => {
      const leftMs = atMs - performance.now();
      if (leftMs >= 1) timer = setTimeout(look, Math.min(Math.floor(leftMs), longestTimerMs));
      else turn = setImmediate(look);
    };
    const look = (): void => {
      if (performance.now() >= atMs) wake();
      else wait();
    };
    wait();
    return () => {
      clearTimeout(timer);
      clearImmediate(turn);
    };
  }
}

/** Calls `tick` again and again, without keeping the process alive. Returns a function that ends it. */
export function every(intervalMs: number, tick: () => void): () => void {
  const timer = setInterval(tick, intervalMs).unref();
  return () => clearInterval(timer);
}
