/**
 * Steps: a computation that may take long, in pieces. It yields where it may pause, at least once
 * a millisecond or so; whoever runs it decides whether to go on at once or to let others in.
 *
 * A plain generator: small inputs never yield, and cost a fraction of a microsecond more.
 */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** All at once. */
export function runSteps<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
