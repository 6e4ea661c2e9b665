/**
 * Request options: what a request that is made in this process may say beside its model and its
 * inputs, whoever makes it: `server.infer()`, or a model that calls another.
 *
 * The tables are for checks at run time: what the compiler would refuse is refused there, too.
 */

import { isFields } from "../protocol/fields.ts";
import type { Parameters } from "../protocol/infer.ts";
import { type Check, duration, eachOf, expecting, optionally } from "../protocol/option-checks.ts";

export interface RequestOptions {
  /** Names; default all. */
  readonly outputs?: readonly string[];
  readonly id?: string;
  readonly parameters?: Parameters;
  /** 1 is first; default: the model's default level. */
  readonly priority?: number;
  /** Longest wait in the queue, if the model lets its callers decide. */
  readonly timeoutMs?: number;
}

export interface InferOptions {
  readonly signal?: AbortSignal;
  /** Moment of `performance.now()` after which the caller no longer waits. */
  readonly deadlineMs?: number;
}

export type ChecksOf<Fields> = { readonly [Name in keyof Required<Fields>]: Check };

const text = expecting("a text", (value) => typeof value === "string");

export const inputsCheck: Check = expecting("an object of values by input", isFields);

export const requestOptionChecks: ChecksOf<RequestOptions> = {
  outputs: optionally(eachOf(text, "a list of names")),
  id: optionally(text),
  parameters: optionally(expecting("an object of texts, numbers and booleans", isParameters)),
  priority: optionally(
    expecting("an integer from 0", (value) => Number.isSafeInteger(value) && Number(value) >= 0),
  ),
  timeoutMs: optionally(duration),
};

export const inferOptionChecks: ChecksOf<InferOptions> = {
  signal: optionally(expecting("an AbortSignal", (value) => value instanceof AbortSignal)),
  deadlineMs: optionally(
    expecting("a number", (value) => typeof value === "number" && !Number.isNaN(value)),
  ),
};

function isParameters(value: unknown): boolean {
  const scalars = ["string", "boolean", "number", "bigint"];
  return isFields(value) && Object.values(value).every((each) => scalars.includes(typeof each));
}
