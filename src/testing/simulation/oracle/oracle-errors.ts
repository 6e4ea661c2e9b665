/**
 * Errors that the oracle expects: texts of the protocol to the letter, texts of ours by their kind
 * in brackets.
 */
import type { ScriptedError } from "../../instance-script.ts";

export interface OracleError extends ScriptedError {
  /** The same request may succeed soon. */
  readonly isWorthRetrying?: true;
}

export function errorText({ code, message, isWorthRetrying }: OracleError): string {
  return `fails ${code} ${message}${isWorthRetrying ? ", worth retrying" : ""}`;
}

/** An error that names the request it is about. */
export function about(id: string, error: OracleError): OracleError {
  return { ...error, message: `[request id: ${id || "<id_unknown>"}] ${error.message}` };
}

export function unknownModel(what: string, code: ScriptedError["code"]): OracleError {
  return { code, message: `Request for unknown model: ${what}`, reason: "OTHER" };
}

export const invalid: OracleError = error("INVALID_ARGUMENT", "(invalid)", "OTHER");

export function tooCostly(model: string, most: number, cost: number): OracleError {
  const why = `inference request cost must be <= ${most} for '${model}'; got ${cost}`;
  return error("INVALID_ARGUMENT", why, "OTHER");
}

export const queueFull: OracleError = {
  ...error("UNAVAILABLE", "Exceeds maximum queue size", "REJECTED"),
  isWorthRetrying: true,
};

export const bytesFull: OracleError = { ...queueFull, message: `${queueFull.message} (bytes)` };

export const stopping: OracleError = {
  ...error(
    "UNAVAILABLE",
    "Server is stopping, scheduler for model has stopped accepting new inference requests",
    "OTHER",
  ),
  isWorthRetrying: true,
};

export const expired: OracleError = {
  ...error("UNAVAILABLE", "Request timeout expired", "REJECTED"),
  isWorthRetrying: true,
};

export const cancelled: OracleError = error("CANCELLED", "(cancelled)", "CANCELED");

export const outOfTime: OracleError = error("DEADLINE_EXCEEDED", "(out of time)", "CANCELED");

export const forgotten: OracleError = error("INTERNAL", "(forgotten)", "BACKEND");

/** What an instance throws is not told to a caller. */
export const thrown: OracleError = error("INTERNAL", "internal error", "OTHER");

export const endedUnasked: OracleError = error("INTERNAL", "(ended unasked)", "BACKEND");

export const tooManyHang: OracleError = error("UNAVAILABLE", "(too many hang)", "BACKEND");

export function hangs(message: string): OracleError {
  return error("DEADLINE_EXCEEDED", message, "BACKEND");
}

export const unloadedEarly: OracleError = error(
  "UNAVAILABLE",
  "(unloaded while it loaded)",
  "OTHER",
);

export const alreadyThere: OracleError = error("ALREADY_EXISTS", "(already there)", "OTHER");

export const alreadyComing: OracleError = error("ALREADY_EXISTS", "(already coming)", "OTHER");

export const serverStopping: OracleError = {
  ...error("UNAVAILABLE", "Server is stopping", "OTHER"),
  isWorthRetrying: true,
};

/** How the index tells why a model failed. */
export function failureReason({ code, message }: OracleError): string {
  return `${kinds[code]}: ${message}`;
}

const kinds: Readonly<Partial<Record<ScriptedError["code"], string>>> = {
  INVALID_ARGUMENT: "Invalid argument",
  DEADLINE_EXCEEDED: "Deadline exceeded",
  INTERNAL: "Internal",
  UNAVAILABLE: "Unavailable",
};

function error(
  code: ScriptedError["code"],
  message: string,
  reason: ScriptedError["reason"],
): OracleError {
  return { code, message, reason };
}
