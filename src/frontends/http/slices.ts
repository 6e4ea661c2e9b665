/**
 * Runs steps without holding the event loop: a few milliseconds at a stretch, then others first.
 *
 * What is done in its first step, and that is nearly everything, needs none of this.
 */
import type { Steps } from "../../protocol/steps.ts";

const sliceMs = 4;

/** Exactly one of `done` and `failed` is called, once. */
export function runInSlices<Result>(
  steps: Steps<Result>,
  done: (result: Result) => void,
  failed: (reason: unknown) => void,
): void {
  let result: Result | undefined;
  const untilMs = performance.now() + sliceMs;
  try {
    while (result === undefined && performance.now() < untilMs) result = steps.step();
  } catch (reason) {
    failed(reason);
    return;
  }
  if (result !== undefined) done(result);
  else setImmediate(() => runInSlices(steps, done, failed));
}
