/**
 * Runs steps without holding the event loop: a few milliseconds at a stretch, then others first.
 *
 * What takes less than one slice, and that is nearly everything, runs at once, within the call.
 */
import type { Steps } from "../../protocol/steps.ts";

const sliceMs = 4;

export interface SliceListener<Result> {
  done(result: Result): void;
  failed(reason: unknown): void;
}

/** Exactly one of the listener's methods is called, once. */
export function runInSlices<Result>(steps: Steps<Result>, listener: SliceListener<Result>): void {
  let result: Result;
  try {
    let step = steps.next();
    // What never pauses need not look at the clock.
    const untilMs = step.done === true ? 0 : performance.now() + sliceMs;
    while (step.done !== true) {
      if (performance.now() >= untilMs) {
        setImmediate(() => runInSlices(steps, listener));
        return;
      }
      step = steps.next();
    }
    result = step.value;
  } catch (reason) {
    listener.failed(reason);
    return;
  }
  listener.done(result);
}
