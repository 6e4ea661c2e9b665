/**
 * Request in process: what `infer()` and `stream()` are given. What the compiler would refuse is
 * refused at run time, too, with all mistakes at once: a field that nobody knows is a misspelling,
 * not ignored.
 *
 * Not here: whether the tensors are those of the model (in-process-infer.ts, core).
 */
import type { InputValues, Model } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { Parameters } from "../protocol/infer.ts";
import {
  type Check,
  duration,
  eachOf,
  expecting,
  fieldsOf,
  isFields,
  optionally,
  positiveInteger,
} from "../protocol/option-checks.ts";
import { isModel } from "./served-models.ts";

type InputsOf<M> =
  M extends Model<string, infer I> ? InputValues<I> : Readonly<Record<string, unknown>>;

export interface InProcessRequest<M extends ModelBase = ModelBase> {
  /** Its definition, which types inputs and outputs, or its name. */
  readonly model: M | string;
  /** Default: that of the definition; for a name the highest that is ready. */
  readonly version?: number;
  readonly inputs: InputsOf<M>;
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

type ChecksOf<Fields> = { readonly [Name in keyof Required<Fields>]: Check };

const text = expecting("a text", (value) => typeof value === "string");

const requestChecks: ChecksOf<InProcessRequest> = {
  model: expecting("a model or its name", (value) => typeof value === "string" || isModel(value)),
  version: optionally(positiveInteger),
  inputs: expecting("an object of values by input", isFields),
  outputs: optionally(eachOf(text, "a list of names")),
  id: optionally(text),
  parameters: optionally(expecting("an object of texts, numbers and booleans", isParameters)),
  priority: optionally(
    expecting("an integer from 0", (value) => Number.isSafeInteger(value) && Number(value) >= 0),
  ),
  timeoutMs: optionally(duration),
};

const optionChecks: ChecksOf<InferOptions> = {
  signal: optionally(expecting("an AbortSignal", (value) => value instanceof AbortSignal)),
  deadlineMs: optionally(
    expecting("a number", (value) => typeof value === "number" && !Number.isNaN(value)),
  ),
};

const checkRequest = fieldsOf(requestChecks);
const checkOptions = fieldsOf(optionChecks);

/** Throws INVALID_ARGUMENT. */
export function checkInferCall(call: "infer" | "stream", request: unknown, options: unknown): void {
  const mistakes = [...checkRequest(request, "request"), ...checkOptions(options, "options")];
  if (mistakes.length === 0) return;
  throw new InferenceError("INVALID_ARGUMENT", `${call}(): ${mistakes.join("; ")}`);
}

function isParameters(value: unknown): boolean {
  const scalars = ["string", "boolean", "number", "bigint"];
  return isFields(value) && Object.values(value).every((each) => scalars.includes(typeof each));
}
