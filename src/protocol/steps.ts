/**
 * Steps: work that may take long, in pieces of a millisecond or so. Whoever runs it decides whether
 * to go on at once or to let others in.
 *
 * Plain objects that keep their place, not generators: nearly all work is done in its first step,
 * and a generator costs several times what a small request does.
 */
export interface Steps<Result> {
  /** Goes on. The result when there is one, undefined while there is more to do. May throw. */
  step(): Result | undefined;
}

/** Of text that each byte is looked at: so many take less than a millisecond. */
export const bytesPerStep: number = 128 * 1024;

/** All at once. */
export function runSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const result = steps.step();
    if (result !== undefined) return result;
  }
}
