/**
 * Request in process: what `infer()` and `stream()` are given. What the compiler would refuse is
 * refused at run time, too, with all mistakes at once: a field that nobody knows is a misspelling,
 * not ignored.
 *
 * Not here: whether the tensors are those of the model (in-process-infer.ts, core).
 */
import type { InputValuesOf } from "../definition/model.ts";
import { isModel, type ModelBase } from "../definition/model-base.ts";
import {
  type ChecksOf,
  inferOptionChecks,
  inputsCheck,
  type RequestOptions,
  requestOptionChecks,
} from "../definition/request-options.ts";
import { InferenceError } from "../protocol/errors.ts";
import { expecting, fieldsOf, optionally, positiveInteger } from "../protocol/option-checks.ts";

export interface InProcessRequest<M extends ModelBase = ModelBase> extends RequestOptions {
  /** Its definition, which types inputs and outputs, or its name. */
  readonly model: M | string;
  /** Default: that of the definition; for a name the highest that is ready. */
  readonly version?: number;
  readonly inputs: InputValuesOf<M>;
}

const requestChecks: ChecksOf<InProcessRequest> = {
  model: expecting("a model or its name", (value) => typeof value === "string" || isModel(value)),
  version: optionally(positiveInteger),
  inputs: inputsCheck,
  ...requestOptionChecks,
};

const checkRequest = fieldsOf(requestChecks);
const checkOptions = fieldsOf(inferOptionChecks);

/** Throws INVALID_ARGUMENT. */
export function checkInferCall(call: "infer" | "stream", request: unknown, options: unknown): void {
  const mistakes = [...checkRequest(request, "request"), ...checkOptions(options, "options")];
  if (mistakes.length === 0) return;
  throw new InferenceError("INVALID_ARGUMENT", `${call}(): ${mistakes.join("; ")}`);
}
