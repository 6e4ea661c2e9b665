/**
 * CORS: which pages of other origins may call, and what they may see. Off unless configured.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type HeaderList, noHeaders } from "./responses.ts";

const exposed = "Inference-Header-Content-Length, Server-Timing, Retry-After, X-Request-Id";
const allowed =
  "Authorization, Content-Type, Content-Encoding, Inference-Header-Content-Length, " +
  "X-Request-Id, X-Request-Timeout-Ms";

export class Cors {
  readonly #origins: ReadonlySet<string>;
  readonly #forwardPattern: RegExp | undefined;
  readonly #allowed: readonly string[];

  /**
   * Origins separated by commas, or "*"; empty: none. Headers that are forwarded to models may be
   * sent by pages, too, and so may `headers`.
   */
  constructor(origins: string, forwardPattern?: RegExp, headers: readonly string[] = []) {
    this.#forwardPattern = forwardPattern;
    this.#allowed = [allowed, ...headers];
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
  answerPreflight({ headers }: IncomingMessage, response: ServerResponse): void {
    const asked = String(headers["access-control-request-headers"] ?? "").split(/[\s,]+/);
    const forwarded = asked.filter((name) => name !== "" && this.#forwardPattern?.test(name));
    response.writeHead(204, [
      ...this.headersFor(headers.origin),
      "Access-Control-Allow-Methods",
      "GET, HEAD, POST",
      "Access-Control-Allow-Headers",
      [...this.#allowed, ...forwarded].join(", "),
      "Access-Control-Max-Age",
      "86400",
    ]);
    response.end();
  }
}
