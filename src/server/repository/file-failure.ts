/**
 * What the file system refuses, as clients hear it: with its code, which says what to do, and without
 * the path, which is the operator's. That stands in the cause.
 */
import { InferenceError } from "../../protocol/errors.ts";

/** `what` with its verb: `the folder of model 'm' cannot be read`. What is none stays what it is. */
export function fileFailure(what: string, cause: unknown): InferenceError {
  if (cause instanceof InferenceError) return cause;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  // Node's own mistakes have codes, too: those are ours.
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return InferenceError.from(cause);
  return new InferenceError("INTERNAL", `${what} (${code})`, { cause });
}
