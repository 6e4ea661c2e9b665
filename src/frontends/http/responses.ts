/**
 * Answers over HTTP: JSON, errors and empty ones, each with its length.
 *
 * The status of an error comes from its code (protocol/errors.ts). The body of every error is
 * `{"error":"<message>"}`; its cause never leaves the server.
 */
import type { ServerResponse } from "node:http";
import { errorCodes, type InferenceError } from "../../protocol/errors.ts";

export type HeaderList = readonly string[];

export const noHeaders: HeaderList = [];

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: HeaderList = noHeaders,
): void {
  sendText(response, status, JSON.stringify(value), [
    "Content-Type",
    "application/json",
    ...headers,
  ]);
}

/** With the code's status, unless HTTP has one of its own. */
export function sendError(
  response: ServerResponse,
  error: InferenceError,
  options: { readonly status?: number; readonly headers?: HeaderList } = {},
): void {
  const { status = errorCodes[error.code].http, headers = noHeaders } = options;
  const retry = error.retryAfterS === undefined ? [] : ["Retry-After", String(error.retryAfterS)];
  sendJson(response, status, { error: error.message }, [...retry, ...headers]);
}

export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: HeaderList,
): void {
  const body = Buffer.from(text);
  response.writeHead(status, [...headers, "Content-Length", String(body.byteLength)]);
  response.end(body);
}

/** Health: the status says it all. */
export function sendEmpty(response: ServerResponse, status: number, headers: HeaderList): void {
  response.writeHead(status, ["Content-Type", "text/plain", "Content-Length", "0", ...headers]);
  response.end();
}
