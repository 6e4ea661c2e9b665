/** What the status of a gRPC call that failed means, as the client's error. */
import type { IncomingHttpHeaders } from "node:http2";
import {
  badAnswer,
  ClientError,
  type ClientErrorCode,
  type ClientErrorKind,
  clientErrorCodes,
} from "./client-error.ts";

/** By their numbers; those that the client does not know are UNKNOWN. */
const names = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** Triton's, with UNAVAILABLE, of a token that is missing or wrong: another try is no use. */
const restricted = /^This protocol is restricted/;

/** Undefined: the call went well. */
export function failureOf(trailers: IncomingHttpHeaders): ClientError | undefined {
  const status = Number(trailers["grpc-status"]);
  if (status === 0) return undefined;
  if (Number.isNaN(status)) return badAnswer("no answer of an inference server: its grpc-status");
  const message = decodedText(String(trailers["grpc-message"] ?? ""));
  if (restricted.test(message)) {
    return new ClientError("server", message, { code: "PERMISSION_DENIED", status });
  }
  const code = codeOf(status);
  const kind: ClientErrorKind = code === "UNAVAILABLE" ? "refused" : "server";
  const pushbackMs = Number(trailers["grpc-retry-pushback-ms"]);
  const retryAfterMs = pushbackMs >= 0 ? pushbackMs : undefined;
  return new ClientError(kind, message, { code, status, retryAfterMs });
}

function codeOf(status: number): ClientErrorCode {
  return clientErrorCodes.find((code) => code === names[status]) ?? "UNKNOWN";
}

/** Not every server encodes it. */
function decodedText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
