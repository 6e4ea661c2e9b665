/**
 * Transport over `fetch`: for browsers, and whatever else has it.
 *
 * A browser does not tell why a request failed: no network, no server, a page that CORS keeps out.
 * Nor does it tell whether the request was sent, so none is safe to send again. Limits for
 * connecting are the browser's own.
 *
 * Over HTTP/1.1 it has six connections to a server: a stream holds one until it ends, and whatever
 * waits for one does so within its `requestTimeoutMs`. It asks for compressed answers by itself: of
 * `compression`, only that of requests is the page's to choose.
 */
import { joinedAt } from "./bytes.ts";
import { badAnswer, ClientError } from "./client-error.ts";
import type { HttpAnswer, HttpRequest, HttpTransport, TransportOptions } from "./transport.ts";

export class FetchTransport implements HttpTransport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async send({ path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
    const { baseUrl, maxResponseBytes } = this.#options;
    try {
      const response = await fetch(baseUrl + path, {
        headers,
        signal,
        redirect: "manual",
        ...(body && { method: "POST", body: new Blob(body as Uint8Array<ArrayBuffer>[]) }),
      });
      return new FetchAnswer(response, signal, maxResponseBytes);
    } catch (reason) {
      throw failure(
        reason,
        signal,
        `cannot reach ${baseUrl}: no network, no server, or refused by CORS`,
      );
    }
  }

  close(): void {}
}

class FetchAnswer implements HttpAnswer {
  readonly status: number;
  readonly #response: Response;
  readonly #signal: AbortSignal;
  readonly #maxBytes: number;

  constructor(response: Response, signal: AbortSignal, maxBytes: number) {
    this.status = isHidden(response) ? 307 : response.status;
    this.#response = response;
    this.#signal = signal;
    this.#maxBytes = maxBytes;
  }

  header(name: string): string | undefined {
    if (name === "location" && isHidden(this.#response)) return "a URL that browsers hide";
    return this.#response.headers.get(name) ?? undefined;
  }

  async whole(alignAt = 0): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let byteLength = 0;
    for await (const chunk of this.chunks()) {
      byteLength += chunk.byteLength;
      if (byteLength > this.#maxBytes) throw tooLong(this.#maxBytes);
      pieces.push(chunk);
    }
    return joinedAt(pieces, alignAt);
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = this.#response.body?.getReader();
    if (reader === undefined) return;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } catch (reason) {
      throw failure(reason, this.#signal, "the connection broke within the answer");
    } finally {
      // Whoever has stopped reading wants no more; it is over already otherwise.
      await reader.cancel().catch(() => {});
    }
  }
}

/** A redirect: not even its status does a page see. */
function isHidden({ type }: Response): boolean {
  return type === "opaqueredirect";
}

function failure(cause: unknown, signal: AbortSignal, message: string): unknown {
  if (signal.aborted) return signal.reason;
  return new ClientError("connection", message, { cause });
}

export function tooLong(maxBytes: number): ClientError {
  return badAnswer(`the answer is longer than ${maxBytes} bytes (option 'maxResponseBytes')`);
}
