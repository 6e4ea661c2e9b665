/**
 * Measures: how a model says which requests go well together. For models whose requests differ
 * much, such as texts.
 *
 *   cost: ({ inputs }) => inputs.ids.shape[1],      with batching.maxCost: at most so much a batch
 *   bucket: ({ inputs }) => lengthClass(inputs.text) only requests of one bucket share a batch
 *
 * Both are called for each request when it comes, on the event loop: they should look, not work.
 */

import { type Fields, isFields } from "../protocol/fields.ts";
import type { Parameters } from "../protocol/infer.ts";
import { type Check, callable, mustBe, optionally } from "../protocol/option-checks.ts";
import type { Tensor } from "./tensor.ts";

/** A request that has come. Its inputs are to be read only, and before the function returns. */
export interface WaitingRequest<Inputs = Readonly<Record<string, Tensor | undefined>>> {
  readonly inputs: Inputs;
  readonly parameters: Parameters;
  /** 1 for a model without batching. */
  readonly rows: number;
}

export interface Measures<Inputs = Readonly<Record<string, Tensor | undefined>>> {
  /** How much of a batch it takes, from 0, in a measure of your own; see `batching.maxCost`. */
  readonly cost?: (request: WaitingRequest<Inputs>) => number;
  /** Only requests of the same bucket share a batch. Buckets overtake one another. */
  readonly bucket?: (request: WaitingRequest<Inputs>) => string | number;
}

/** Whose inputs are known no more. */
export interface ModelMeasures {
  readonly cost: ((request: WaitingRequest) => unknown) | undefined;
  readonly bucket: ((request: WaitingRequest) => unknown) | undefined;
}

export const measureChecks: Readonly<Record<keyof Measures, Check>> = {
  cost: optionally(callable),
  bucket: optionally(callable),
};

export function findMeasureMistakes({ cost, bucket, batching }: Fields): readonly string[] {
  const mistakes: string[] = [];
  if (batching === false) {
    if (cost !== undefined) mistakes.push(mustBe("cost", "left out beside batching: false", cost));
    if (bucket !== undefined) {
      mistakes.push(mustBe("bucket", "left out beside batching: false", bucket));
    }
    return mistakes;
  }
  const { maxCost } = isFields(batching) ? batching : {};
  if (cost !== undefined && maxCost === undefined) {
    mistakes.push("'cost' needs 'batching.maxCost': nothing else heeds it");
  }
  if (maxCost !== undefined && cost === undefined) {
    mistakes.push("'batching.maxCost' needs 'cost', a function of a request");
  }
  return mistakes;
}

export function measuresOf({
  cost,
  bucket,
}: {
  readonly cost?: Measures<never>["cost"] | undefined;
  readonly bucket?: Measures<never>["bucket"] | undefined;
}): ModelMeasures {
  // Their inputs are those of the specifications, which the executor makes them from.
  return { cost, bucket } as ModelMeasures;
}
