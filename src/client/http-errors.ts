/**
 * What an HTTP answer that is no success means, as the client's error.
 *
 * The text is the server's (`{"error": "..."}`), if it is one of this protocol; a page of a proxy is
 * named as what it is.
 */
import { badAnswer, ClientError, type ClientErrorCode } from "./client-error.ts";
import { isFields } from "./infer-answer.ts";
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

/** Answers of these were not run. */
const refusals = [429, 503];

export function httpError(answer: HttpAnswer, body: string): ClientError {
  const { status } = answer;
  const text = errorText(body);
  const location = answer.header("location");
  if (status >= 300 && status < 400) {
    const to = location === undefined ? "elsewhere" : `to ${location}`;
    return badAnswer(`the server redirects ${to} (${status}): use that address`, { status });
  }
  if (text === undefined) return strangeAnswer(answer, body);
  const options = {
    code: codes[status] ?? "UNKNOWN",
    status,
    retryAfterMs: retryAfterMs(answer.header("retry-after")),
  };
  return new ClientError(refusals.includes(status) ? "refused" : "server", text, options);
}

/** Also where the status is a success. */
export function strangeAnswer(answer: HttpAnswer, body: string): ClientError {
  const { status } = answer;
  const type = answer.header("content-type")?.split(";")[0] ?? "no content type";
  const start = body.replace(/\s+/g, " ").trim().slice(0, 80);
  const shown = start === "" ? "with an empty body" : `${type}: ${JSON.stringify(start)}`;
  const isProxy = status === 502 || status === 503 || status === 504;
  const what = isProxy ? "whoever stands before the server" : "this is no inference server:";
  return badAnswer(`${what} answered ${status}, ${shown}`, {
    code: codes[status] ?? "INTERNAL",
    status,
  });
}

function errorText(body: string): string | undefined {
  try {
    const document: unknown = JSON.parse(body);
    if (!isFields(document)) return undefined;
    // FastAPI, and so MLServer and KServe for some, say "detail".
    const { error, detail } = document;
    if (typeof error === "string") return error;
    return typeof detail === "string" ? detail : undefined;
  } catch {
    return undefined;
  }
}

/** Seconds, or a date. */
function retryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return 1000 * Number(text);
  const untilMs = Date.parse(text) - Date.now();
  return Number.isFinite(untilMs) ? Math.max(0, untilMs) : undefined;
}
