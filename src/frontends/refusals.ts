/**
 * Refusals: errors that both frontends tell in the same words.
 */
import type { ServerState } from "../core/inference-service.ts";
import { InferenceError } from "../protocol/errors.ts";

export function isExiting(state: ServerState): boolean {
  return state === "draining" || state === "stopped";
}

export function exiting(what: "exiting" | "not ready"): InferenceError {
  return new InferenceError("UNAVAILABLE", `Server ${what}`, { retryAfterS: 1 });
}

export function controlOff(): InferenceError {
  const why = "explicit model load / unload is not allowed if polling is enabled";
  return new InferenceError("UNAVAILABLE", why);
}

export function namedRepository(): InferenceError {
  const why = "'repository_name' specification is not supported";
  return new InferenceError("UNIMPLEMENTED", why);
}

/** An error that the model did not mean for its caller: only the log has what it threw. */
export function isModelFailure({ code, reason }: InferenceError): boolean {
  return code === "INTERNAL" && reason === "BACKEND";
}
