/**
 * Errors that a client may see: one class, one closed set of codes.
 *
 * The codes are gRPC's. This table is the only place that knows a status number: each frontend
 * looks its own up here, and docs/errors.md has one section per code (docs.test.ts compares them).
 */
export const errorCodes = {
  CANCELLED: { grpc: 1, http: 400 },
  UNKNOWN: { grpc: 2, http: 400 },
  INVALID_ARGUMENT: { grpc: 3, http: 400 },
  DEADLINE_EXCEEDED: { grpc: 4, http: 504 },
  NOT_FOUND: { grpc: 5, http: 404 },
  ALREADY_EXISTS: { grpc: 6, http: 400 },
  UNIMPLEMENTED: { grpc: 12, http: 501 },
  INTERNAL: { grpc: 13, http: 500 },
  UNAVAILABLE: { grpc: 14, http: 503 },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** Why a failed request failed: label `reason` of nv_inference_request_failure. */
export type FailureReason = "REJECTED" | "CANCELED" | "BACKEND" | "OTHER";

export interface InferenceErrorOptions extends ErrorOptions {
  /** Default OTHER. */
  readonly reason?: FailureReason;
  /** Seconds after which another try is worth it; HTTP sends it as `Retry-After`. */
  readonly retryAfterS?: number;
}

export class InferenceError extends Error {
  override name = "InferenceError";
  readonly code: ErrorCode;
  readonly reason: FailureReason;
  readonly retryAfterS: number | undefined;

  /** `message` goes to the client. What only the operator should read goes in `cause`. */
  constructor(code: ErrorCode, message: string, options?: InferenceErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = options?.reason ?? "OTHER";
    this.retryAfterS = options?.retryAfterS;
  }

  /** For an outermost catch: whatever is not ours is a bug, told to the client as one. */
  static from(reason: unknown): InferenceError {
    if (reason instanceof InferenceError) return reason;
    return new InferenceError("INTERNAL", "internal error", { cause: reason });
  }
}

/** Prefix of an error that is about one request: the protocol's `[request id: ...] `. */
export function requestPrefix(id: string): string {
  return `[request id: ${id === "" ? "<id_unknown>" : id}] `;
}
