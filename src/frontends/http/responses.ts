/**
 * Answers over HTTP: JSON, errors and empty ones, each with its length.
 *
 * The status of an error comes from its code (protocol/errors.ts), unless HTTP has one of its own.
 * The body of every error is `{"error":"<message>"}`; its cause never leaves the server.
 */
import type { ServerResponse } from "node:http";
import {
  type ErrorCode,
  errorCodes,
  InferenceError,
  type InferenceErrorOptions,
} from "../../protocol/errors.ts";
import { toJson } from "../../protocol/json-writer.ts";

export type HeaderList = readonly string[];

export const noHeaders: HeaderList = [];

/** An error that HTTP tells in a way of its own. */
export class HttpError extends InferenceError {
  readonly status: number;
  readonly headers: HeaderList;

  constructor(
    code: ErrorCode,
    message: string,
    { status = errorCodes[code].http, headers = noHeaders, ...rest }: HttpErrorOptions,
  ) {
    super(code, message, rest);
    this.status = status;
    this.headers = headers;
  }
}

export interface HttpErrorOptions extends Pick<InferenceErrorOptions, "retryAfterS"> {
  /** Default: that of the code. */
  readonly status?: number;
  readonly headers?: HeaderList;
}

export function statusOf(error: InferenceError): number {
  return error instanceof HttpError ? error.status : errorCodes[error.code].http;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: HeaderList = noHeaders,
): void {
  sendText(response, status, toJson(value), ["Content-Type", "application/json", ...headers]);
}

export function sendError(
  response: ServerResponse,
  error: InferenceError,
  headers: HeaderList,
): void {
  response.end(startError(response, error, headers));
}

/** Sends the head. Returns the body, with which the response is still to be ended. */
export function startError(
  response: ServerResponse,
  error: InferenceError,
  headers: HeaderList,
): Uint8Array {
  const own = error instanceof HttpError ? error.headers : noHeaders;
  const body = Buffer.from(toJson({ error: error.message }));
  response.writeHead(statusOf(error), [
    "Content-Type",
    "application/json",
    ...own,
    ...retryHeaders(error),
    ...headers,
    "Content-Length",
    String(body.byteLength),
  ]);
  return body;
}

export function retryHeaders({ retryAfterS }: InferenceError): HeaderList {
  return retryAfterS === undefined ? noHeaders : ["Retry-After", String(retryAfterS)];
}

const longestHeaderText = 256;

/** What a client wrote, as the value of a header: percent-encoded where it must be, and cut. */
export function toHeaderText(text: string): string {
  return Buffer.from(text.slice(0, longestHeaderText))
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, (byte) => encodeByte(byte.charCodeAt(0)));
}

function encodeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
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
