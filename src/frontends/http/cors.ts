/**
 * CORS: which pages of other origins may call, and what they may see. Off unless configured.
 */
import type { ServerResponse } from "node:http";
import { type HeaderList, noHeaders } from "./responses.ts";

const exposed = "Inference-Header-Content-Length, Server-Timing, Retry-After, X-Request-Id";
const allowed =
  "Content-Type, Content-Encoding, Inference-Header-Content-Length, X-Request-Id, " +
  "X-Request-Timeout-Ms";

export class Cors {
  readonly #origins: ReadonlySet<string>;

  /** Origins separated by commas, or "*"; empty: none. */
  constructor(origins: string) {
    this.#origins = new Set(
      origins
        .split(",")
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ""),
    );
  }

  get isOn(): boolean {
    return this.#origins.size > 0;
  }

  /** For the answer to a request from a page of this origin. */
  headersFor(origin: string | undefined): HeaderList {
    if (origin === undefined || !this.isOn) return noHeaders;
    const isAny = this.#origins.has("*");
    if (!isAny && !this.#origins.has(origin)) return ["Vary", "Origin"];
    const vary = isAny ? [] : ["Vary", "Origin"];
    return [
      "Access-Control-Allow-Origin",
      isAny ? "*" : origin,
      "Access-Control-Expose-Headers",
      exposed,
      ...vary,
    ];
  }

  /** The question that a browser asks before a request. */
  answerPreflight(origin: string | undefined, response: ServerResponse): void {
    response.writeHead(204, [
      ...this.headersFor(origin),
      "Access-Control-Allow-Methods",
      "GET, HEAD, POST",
      "Access-Control-Allow-Headers",
      allowed,
      "Access-Control-Max-Age",
      "86400",
    ]);
    response.end();
  }
}
