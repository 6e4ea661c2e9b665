/**
 * Transport: sends one HTTP request and hands its answer on as it comes.
 *
 * Types only. In browsers: fetch-transport.ts; in Node: node-transport.ts. What goes wrong below
 * HTTP is a ClientError of kind `connection`; what the signal ends rejects with its reason.
 */
export interface HttpRequest {
  /** Behind the base URL. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** One behind another, by POST; undefined: a GET. */
  readonly body: readonly Uint8Array[] | undefined;
  readonly signal: AbortSignal;
}

/** Its body is read once, in one way or the other. */
export interface HttpAnswer {
  readonly status: number;
  /** By its name in lower case. */
  header(name: string): string | undefined;
  /**
   * Whole. Where it may choose, its byte number `alignAt` is at a multiple of 8 in memory, so that
   * what begins there can be read without a copy.
   */
  whole(alignAt?: number): Promise<Uint8Array>;
  /** Who stops reading early ends the answer. */
  chunks(): AsyncIterable<Uint8Array>;
}

export interface HttpTransport {
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

export interface TransportOptions {
  /** Where the server is, without a slash at the end. */
  readonly baseUrl: string;
  readonly connectTimeoutMs: number;
  /** Longer answers are an error. */
  readonly maxResponseBytes: number;
}
