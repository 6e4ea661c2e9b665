/**
 * Model log: what a model's functions write lines with, into the log of the server.
 *
 * Not here: where lines go, and what is known of the requests in them (executor/batch-log.ts).
 */
export interface ModelLog {
  info(message: string): void;
  warning(message: string): void;
  error(message: string): void;
}

/** Lines carry the ids of the batch's requests, or of the one that is named by its index. */
export interface BatchLog extends ModelLog {
  info(message: string, about?: { readonly request: number }): void;
  warning(message: string, about?: { readonly request: number }): void;
  error(message: string, about?: { readonly request: number }): void;
}

export type LogLevel = "info" | "warning" | "error";

/** `request`: its index in the batch, if the line is about one. */
export type Say = (level: LogLevel, message: string, request: number | undefined) => void;

export function batchLog(say: Say): BatchLog {
  return {
    info: (message, about) => say("info", message, about?.request),
    warning: (message, about) => say("warning", message, about?.request),
    error: (message, about) => say("error", message, about?.request),
  };
}
