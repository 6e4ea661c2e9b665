/**
 * What a model's own code threw, as its caller and the operator are to hear of it.
 *
 * An InferenceError is meant for the caller: its code, its message and when to try again are kept.
 * Of everything else he learns only that the model failed: messages hold paths and data that are
 * not his.
 */
import { isUnrecoverable } from "../definition/unrecoverable-error.ts";
import { errorCodes, InferenceError } from "../protocol/errors.ts";

export function toModelError(
  modelName: string,
  reason: unknown,
  where: "setup" | "infer",
): InferenceError {
  const options = { cause: reason, reason: "BACKEND" } as const;
  if (isInferenceError(reason)) {
    const { code, message, retryAfterS } = reason;
    const retry = retryAfterS === undefined ? {} : { retryAfterS };
    return new InferenceError(code, message, { ...options, ...retry });
  }
  if (where === "setup") {
    const why = reason instanceof Error ? reason.message : String(reason);
    return new InferenceError("INTERNAL", `setup of model '${modelName}' failed: ${why}`, options);
  }
  const what = isUnrecoverable(reason) ? "cannot go on and is out of service" : "failed";
  return new InferenceError("INTERNAL", `model '${modelName}' ${what}: internal error`, options);
}

/** By name, because a loader may have brought a second copy of the class. */
function isInferenceError(reason: unknown): reason is InferenceError {
  if (!(reason instanceof Error) || reason.name !== "InferenceError") return false;
  const { code } = reason as Error & { readonly code?: unknown };
  return typeof code === "string" && Object.hasOwn(errorCodes, code);
}
