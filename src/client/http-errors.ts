/**
 * What an HTTP answer that is no success means, as the client's error.
 *
 * The text is the server's (`{"error": "..."}`), if it is one of this protocol; a page of a proxy is
 * named as what it is.
 */
import { badAnswer, ClientError, type ClientErrorCode } from "./client-error.ts";
import type { HttpAnswer } from "./transport.ts";

const codes: Readonly<Record<number, ClientErrorCode>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  405: "UNIMPLEMENTED",
  409: "ALREADY_EXISTS",
  413: "RESOURCE_EXHAUSTED",
  429: "UNAVAILABLE",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  502: "UNAVAILABLE",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

export function httpError(answer: HttpAnswer, body: string): ClientError {
  const { status } = answer;
  const code = codes[status] ?? "UNKNOWN";
  const message = errorText(body);
  if (message === undefined) return strangeAnswer(answer, body);
  // Whole seconds; from a proxy it may be a date, which is passed over.
  const seconds = Number(answer.header("retry-after") ?? "none");
  const retryAfterMs = seconds >= 0 ? 1000 * seconds : undefined;
  // These were not run.
  const kind = status === 503 || status === 429 ? "refused" : "server";
  return new ClientError(kind, message, { code, status, retryAfterMs });
}

/** Of no inference server, or of whoever stands before it. */
export function strangeAnswer(answer: HttpAnswer, body: string): ClientError {
  const { status } = answer;
  const start = JSON.stringify(body.replace(/\s+/g, " ").slice(0, 80));
  const to = answer.header("location");
  const what = to === undefined ? `${answer.header("content-type") ?? ""} ${start}` : `go to ${to}`;
  const code = codes[status] ?? "INTERNAL";
  return badAnswer(`no answer of an inference server: ${status}, ${what}`, { code, status });
}

function errorText(body: string): string | undefined {
  try {
    // A stream may begin with its error. Servers made with FastAPI say "detail".
    const { error, detail } = JSON.parse(body.replace(/^data: /, "")) as Record<string, unknown>;
    const text = error ?? detail;
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
