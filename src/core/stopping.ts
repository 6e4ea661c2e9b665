/**
 * How a server that stops says so, and how a scheduler that takes nothing new does.
 */
import { InferenceError, requestPrefix } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";

/** `cause`: what has failed because of that. */
export function serverStopping(cause?: unknown): InferenceError {
  return new InferenceError("UNAVAILABLE", "Server is stopping", { retryAfterS: 1, cause });
}

export function stopping({ id }: InferRequest): InferenceError {
  const why =
    "Server is stopping, scheduler for model has stopped accepting new inference requests";
  return new InferenceError("UNAVAILABLE", `${requestPrefix(id)}${why}`, { retryAfterS: 1 });
}
