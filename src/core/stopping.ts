/**
 * How a scheduler that takes nothing new says so.
 */
import { InferenceError, requestPrefix } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";

export function stopping({ id }: InferRequest): InferenceError {
  const why =
    "Server is stopping, scheduler for model has stopped accepting new inference requests";
  return new InferenceError("UNAVAILABLE", `${requestPrefix(id)}${why}`, { retryAfterS: 1 });
}
