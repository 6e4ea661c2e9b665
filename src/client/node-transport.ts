/**
 * Transport over `node:http` and `node:https`: connections that are kept, a limit for connecting,
 * TLS with one's own certificates.
 *
 * What fails before a connection is there was not sent, and may be sent again.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import type { Readable, Transform } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { concatenated, inOnePiece } from "./bytes.ts";
import { badAnswer, ClientError, invalid, tooLong } from "./client-error.ts";
import type { HttpAnswer, HttpRequest, HttpTransport, TransportOptions } from "./transport.ts";

/** Certificates in PEM. */
export interface TlsOptions
  extends Pick<SecureContextOptions, "ca" | "cert" | "key" | "passphrase"> {
  /** Default true: the server's certificate must be valid, and for this host. */
  readonly rejectUnauthorized?: boolean;
  /** Name in the certificate, where it is not that of the URL. */
  readonly servername?: string;
}

export interface NodeTransportOptions extends TransportOptions {
  readonly tls: TlsOptions;
}

/** Servers close connections that are idle for 5 s, some of them; then it must not be in use. */
const idleMs = 4000;

/** To copy so many bytes takes less than to write them in pieces. */
const smallBytes = 16 * 1024;

export class NodeTransport implements HttpTransport {
  readonly #options: NodeTransportOptions;
  readonly #agent: HttpAgent;
  readonly #request: typeof httpRequest;
  readonly #target: RequestOptions;

  constructor(options: NodeTransportOptions) {
    this.#options = options;
    const url = new URL(options.baseUrl);
    const isSecure = url.protocol === "https:";
    const agentOptions = { keepAlive: true, timeout: idleMs, ...options.tls };
    this.#agent = isSecure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
    // All are to one server: a name of all options, certificates too, would be made for each request.
    this.#agent.getName = () => "server";
    this.#request = isSecure ? httpsRequest : httpRequest;
    this.#target = {
      agent: this.#agent,
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port === "" ? (isSecure ? 443 : 80) : Number(url.port),
      path: url.pathname.replace(/\/$/, ""),
    };
  }

  send({ path, headers, body: chunks, signal }: HttpRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      let isConnected = false;
      const body = chunks ?? [];
      const byteLength = body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
      const request = this.#begin({
        method: chunks === undefined ? "GET" : "POST",
        path: `${this.#target.path}${path}`,
        headers: chunks === undefined ? headers : { ...headers, "content-length": byteLength },
      });
      const abort = (): void => {
        request.destroy();
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      request.once("socket", (socket: Socket) => {
        if (!socket.connecting) isConnected = true;
        else {
          this.#limitConnecting(socket, () => {
            isConnected = true;
          });
        }
      });
      // There may be several: of its connection, and of what was still to be written.
      const fail = (cause: Error): void => {
        // A question changes nothing: where the server closes a kept connection as it is sent, it
        // may be asked again.
        const isSafe = !isConnected || (chunks === undefined && request.reusedSocket);
        reject(this.#failure(cause, isConnected, isSafe));
      };
      request.on("error", fail);
      const leave = (): void => {
        signal.removeEventListener("abort", abort);
        fail(new Error("closed"));
      };
      request.once("close", leave);
      request.once("response", (response) => {
        request.off("close", leave);
        const { maxResponseBytes } = this.#options;
        const stop = (): void => signal.removeEventListener("abort", abort);
        resolve(new NodeAnswer({ response, signal, stop, maxBytes: maxResponseBytes }));
      });
      // Head and a small body are one write, and one packet.
      const pieces = byteLength < smallBytes && body.length > 1 ? [concatenated(body)] : body;
      for (const piece of pieces.slice(0, -1)) request.write(piece);
      request.end(pieces.at(-1));
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #begin(options: RequestOptions): ClientRequest {
    try {
      return this.#request({ ...this.#target, ...options });
    } catch (cause) {
      // It names the header, and not its value, which may be a secret.
      const why = cause instanceof Error ? cause.message : String(cause);
      throw invalid(`option 'headers' or 'token': ${why}`, { cause });
    }
  }

  #limitConnecting(socket: Socket, connected: () => void): void {
    const { connectTimeoutMs } = this.#options;
    const event = "encrypted" in socket ? "secureConnect" : "connect";
    const timer = setTimeout(
      () => {
        const why = `no connection within ${connectTimeoutMs} ms (option 'connectTimeoutMs')`;
        socket.destroy(new ClientError("timeout", why, { isRetrySafe: true }));
      },
      Math.min(connectTimeoutMs, 2 ** 31 - 1),
    );
    socket.once(event, () => {
      clearTimeout(timer);
      connected();
    });
    socket.once("close", () => clearTimeout(timer));
  }

  #failure(cause: Error, isConnected: boolean, isRetrySafe: boolean): ClientError {
    if (cause instanceof ClientError) return cause;
    const { baseUrl } = this.#options;
    if ("code" in cause && /^HPE_/.test(String(cause.code))) {
      return badAnswer(`what came from ${baseUrl} is no HTTP: ${cause.message}`, { cause });
    }
    const what = isConnected ? `the connection to ${baseUrl} broke` : `cannot reach ${baseUrl}`;
    const message = `${what}: ${messageOf(cause)}`;
    return new ClientError("connection", message, { cause, isRetrySafe });
  }
}

/** Of several addresses that were tried, Node tells in a list. */
export function messageOf(error: Error): string {
  if (error.message !== "" || !(error instanceof AggregateError)) return error.message;
  return error.errors
    .map((each) => (each instanceof Error ? each.message : String(each)))
    .join("; ");
}

interface NodeAnswerParts {
  readonly response: IncomingMessage;
  readonly signal: AbortSignal;
  /** The signal is heard no more. */
  readonly stop: () => void;
  readonly maxBytes: number;
}

class NodeAnswer implements HttpAnswer {
  readonly status: number;
  readonly #parts: NodeAnswerParts;
  readonly #body: Readable;

  constructor(parts: NodeAnswerParts) {
    const { response } = parts;
    this.status = response.statusCode ?? 0;
    this.#parts = parts;
    this.#body = decompressed(response);
    this.#body.once("close", parts.stop);
  }

  header(name: string): string | undefined {
    const value = this.#parts.response.headers[name];
    return Array.isArray(value) ? value.join(", ") : value;
  }

  whole(alignAt = 0): Promise<Uint8Array> {
    const body = this.#body;
    const { maxBytes, response } = this.#parts;
    const leave = (): void => {
      response.destroy();
      body.destroy();
    };
    return new Promise((resolve, reject) => {
      const parts: Uint8Array[] = [];
      let byteLength = 0;
      body.on("data", (chunk: Uint8Array) => {
        byteLength += chunk.byteLength;
        if (byteLength > maxBytes) {
          reject(tooLong(maxBytes));
          leave();
        } else parts.push(chunk);
      });
      let isWhole = false;
      body.once("end", () => {
        isWhole = true;
        resolve(inOnePiece(parts, 8, alignAt));
      });
      body.once("error", (cause) => {
        reject(this.#broken(cause));
        leave();
      });
      // An answer that is cut off may end without an error.
      body.once("close", () => {
        if (!isWhole) reject(this.#broken(new Error("closed")));
      });
    });
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.#body) yield chunk as Uint8Array;
    } catch (cause) {
      throw this.#broken(cause);
    } finally {
      this.#parts.response.destroy();
    }
  }

  #broken(cause: unknown): unknown {
    const { signal } = this.#parts;
    if (signal.aborted) return signal.reason;
    const isCorrupt =
      cause instanceof Error && "code" in cause && /^(Z_|ERR_)/.test(`${cause.code}`);
    if (isCorrupt && this.#body !== this.#parts.response) {
      return badAnswer("the answer does not decompress", { cause });
    }
    return new ClientError("connection", "the connection broke", { cause });
  }
}

/** No object: its names are the server's to choose. */
const unpackers = new Map<string, () => Transform>([
  ["gzip", createGunzip],
  ["x-gzip", createGunzip],
  ["deflate", createInflate],
  ["br", createBrotliDecompress],
]);

function decompressed(response: IncomingMessage): Readable {
  const unpack = unpackers.get(response.headers["content-encoding"]?.toLowerCase() ?? "");
  if (unpack === undefined) return response;
  const body = response.pipe(unpack());
  response.once("error", (error) => body.destroy(error));
  response.once("close", () => {
    if (!response.complete) body.destroy(new Error("closed"));
  });
  return body;
}
