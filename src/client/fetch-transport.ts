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
import { inOnePiece } from "./bytes.ts";
import { badAnswer, ClientError, tooLong } from "./client-error.ts";
import type { HttpAnswer, HttpRequest, HttpTransport, TransportOptions } from "./transport.ts";

export function fetchTransport({ baseUrl, maxResponseBytes }: TransportOptions): HttpTransport {
  return {
    async send({ path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> {
      const response = await fetch(baseUrl + path, {
        headers,
        signal,
        redirect: "manual",
        ...(body && { method: "POST", body: new Blob(body as Uint8Array<ArrayBuffer>[]) }),
      }).catch((cause: unknown) => {
        const why = "no network, no server, or refused by CORS";
        throw failure(signal, `cannot reach ${baseUrl}: ${why}`, cause);
      });
      // Not even where to does a page see.
      if (response.type === "opaqueredirect")
        throw badAnswer("no answer of an inference server: a redirect");
      return answerOf(response, signal, maxResponseBytes);
    },
    close() {},
  };
}

function answerOf(response: Response, signal: AbortSignal, maxBytes: number): HttpAnswer {
  const { status, headers, body } = response;
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = body?.getReader();
    if (reader === undefined) return;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        yield value;
      }
    } catch (cause) {
      throw failure(signal, "the connection broke", cause);
    } finally {
      // Whoever has stopped reading wants no more; it is over already otherwise.
      await reader.cancel().catch(() => {});
    }
  }
  return {
    status,
    chunks,
    header: (name) => headers.get(name) ?? undefined,
    async whole(alignAt = 0) {
      const pieces: Uint8Array[] = [];
      let byteLength = 0;
      for await (const chunk of chunks()) {
        byteLength += chunk.byteLength;
        if (byteLength > maxBytes) throw tooLong(maxBytes);
        pieces.push(chunk);
      }
      return inOnePiece(pieces, 8, alignAt);
    },
  };
}

function failure(signal: AbortSignal, message: string, cause: unknown): unknown {
  return signal.aborted ? signal.reason : new ClientError("connection", message, { cause });
}
