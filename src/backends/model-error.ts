/**
 * What a model's own code threw, as its caller and the operator are to hear of it.
 *
 * An InferenceError is meant for the caller: its code and message are kept. Of everything else the
 * caller learns only that the model failed: messages hold paths and data that are not his.
 */
import { type ErrorCode, errorCodes, InferenceError } from "../protocol/errors.ts";

export function toModelError(
  modelName: string,
  reason: unknown,
  where: "setup" | "infer",
): InferenceError {
  const options = { cause: reason, reason: "BACKEND" } as const;
  const meant = asInferenceError(reason);
  if (meant !== undefined) return new InferenceError(meant.code, meant.message, options);
  if (where === "setup") {
    const why = reason instanceof Error ? reason.message : String(reason);
    return new InferenceError("INTERNAL", `setup of model '${modelName}' failed: ${why}`, options);
  }
  return new InferenceError("INTERNAL", `model '${modelName}' failed: internal error`, options);
}

/** By name, because a loader may have brought a second copy of the class. */
function asInferenceError(
  reason: unknown,
): { readonly code: ErrorCode; readonly message: string } | undefined {
  if (!(reason instanceof Error) || reason.name !== "InferenceError") return undefined;
  const { code } = reason as Error & { readonly code?: unknown };
  const isKnown = typeof code === "string" && Object.hasOwn(errorCodes, code);
  return isKnown ? { code: code as ErrorCode, message: reason.message } : undefined;
}
