/**
 * The one error of the client: what went wrong, told apart by `kind`.
 *
 *   invalid     the call itself is wrong: nothing was sent
 *   connection  there is no way to the server, or it broke
 *   refused     the server turned the request away before it ran it: full, stopping, not ready
 *   timeout     one of the client's own limits has passed
 *   cancelled   the caller's signal
 *   server      the server, or its model, answered with an error
 *   answer      what came back is no answer of this protocol
 *
 * Codes are gRPC's, over HTTP too.
 */
export const clientErrorCodes = [
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "UNAUTHENTICATED",
] as const;

export type ClientErrorCode = (typeof clientErrorCodes)[number];

export type ClientErrorKind =
  | "invalid"
  | "connection"
  | "refused"
  | "timeout"
  | "cancelled"
  | "server"
  | "answer";

export interface ClientErrorOptions extends ErrorOptions {
  readonly code?: ClientErrorCode;
  /** Of HTTP, or gRPC's number. */
  readonly status?: number | undefined;
  readonly isRetrySafe?: boolean;
  readonly retryAfterMs?: number | undefined;
}

const codeOf: Readonly<Record<ClientErrorKind, ClientErrorCode>> = {
  invalid: "INVALID_ARGUMENT",
  connection: "UNAVAILABLE",
  refused: "UNAVAILABLE",
  timeout: "DEADLINE_EXCEEDED",
  cancelled: "CANCELLED",
  server: "UNKNOWN",
  answer: "INTERNAL",
};

export class ClientError extends Error {
  override name = "ClientError";
  readonly kind: ClientErrorKind;
  readonly code: ClientErrorCode;
  /** Of HTTP, or gRPC's number; undefined: no answer came. */
  readonly status: number | undefined;
  /** The server has not run the request: to send it again does no harm. */
  readonly isRetrySafe: boolean;
  /** What the server asks for before another try, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Of the request, if it had one. */
  requestId = "";

  constructor(kind: ClientErrorKind, message: string, options: ClientErrorOptions = {}) {
    super(message, options);
    this.kind = kind;
    this.code = options.code ?? codeOf[kind];
    this.status = options.status;
    this.isRetrySafe = options.isRetrySafe ?? kind === "refused";
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Undefined: no answer came. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ClientError ? error.status : undefined;
}

export function invalid(message: string, options: ClientErrorOptions = {}): ClientError {
  return new ClientError("invalid", message, options);
}

export function badAnswer(message: string, options: ClientErrorOptions = {}): ClientError {
  return new ClientError("answer", message, options);
}

/** Of an answer, or a response of a stream. */
export function tooLong(maxBytes: number): ClientError {
  return badAnswer(`the answer is longer than ${maxBytes} bytes (option 'maxResponseBytes')`);
}
