/** Steps run until there is a result, whatever it is, and no further. */
import { strict as check } from "node:assert";
import test from "node:test";
import { runSteps, type Steps } from "./steps.ts";

class Countdown<Result> implements Steps<Result> {
  left: number;
  readonly #result: Result;

  constructor(left: number, result: Result) {
    this.left = left;
    this.#result = result;
  }

  step(): Result | undefined {
    this.left -= 1;
    return this.left > 0 ? undefined : this.#result;
  }
}

for (const result of [7, 0, "", false, null]) {
  test(`a result: ${JSON.stringify(result)}`, () => {
    const steps = new Countdown(3, result);
    check.equal(runSteps(steps), result);
    check.equal(steps.left, 0);
  });
}

test("what a step throws is thrown", () => {
  const steps: Steps<never> = {
    step(): never {
      throw new RangeError("no");
    },
  };
  check.throws(() => runSteps(steps), RangeError);
});
