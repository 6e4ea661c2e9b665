/**
 * Held model: its calls stay inside it until the test lets them go, so that a test can look at a
 * server while requests run or wait.
 */
import { fp32, type ModelOptions, model } from "shoal";

/** A batch inside the model. */
export interface HeldCall {
  readonly rows: number;
  /** Those of its requests. */
  readonly ids: readonly string[];
  readonly signal: AbortSignal;
  /** Answers with what came in. */
  release(): void;
  fail(error: Error): void;
}

export class HeldCalls {
  /** All there have been. */
  readonly seen: HeldCall[] = [];
  readonly #waiting: ((call: HeldCall) => void)[] = [];
  #takenCount = 0;

  /** The next call that nobody has taken yet, when it comes. */
  next(): Promise<HeldCall> {
    const call = this.seen[this.#takenCount];
    this.#takenCount += 1;
    if (call !== undefined) return Promise.resolve(call);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  add(call: HeldCall): void {
    this.seen.push(call);
    this.#waiting.shift()?.(call);
  }
}

/** Gives back what it gets: `X`, FP32, of any length. One instance, inline. */
export function heldModel<const Name extends string>(
  name: Name,
  calls: HeldCalls,
  options: ModelOptions = {},
) {
  return model(name, {
    ...options,
    inputs: { X: fp32(-1) },
    outputs: { X: fp32(-1) },
    infer: async ({ X }, { rows, requests, signal }) => {
      await new Promise<void>((release, fail) => {
        calls.add({ rows, ids: requests.map(({ id }) => id), signal, release, fail });
      });
      return { X };
    },
  });
}
