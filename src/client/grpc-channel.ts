/**
 * Channel: calls of gRPC to a server, over one HTTP/2 connection that is made when it is needed, and
 * again when it is gone.
 *
 * Not grpc-js, whose client takes three times as long for a call. Who tries again, and when, is
 * calls.ts' affair.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { createSecureContext, type SecureContext } from "node:tls";
import type { MessagePieces } from "../protocol/message-pieces.ts";
import { raced } from "./call-limit.ts";
import { badAnswer, ClientError, invalid } from "./client-error.ts";
import type { Sent } from "./connection.ts";
import { type CallEvents, GrpcCall } from "./grpc-call.ts";
import type { GrpcChannelOptions } from "./grpc-options.ts";
import { GrpcSession, type GrpcSessionOptions } from "./grpc-session.ts";
import type { TlsOptions } from "./node-transport.ts";

export interface UnaryAnswer {
  readonly bytes: Uint8Array;
  readonly trailers: IncomingHttpHeaders;
}

export class GrpcChannel {
  readonly #options: GrpcSessionOptions;
  #session: GrpcSession | undefined;
  #connecting: Promise<GrpcSession> | undefined;
  #isClosed = false;

  /** Connects when it is first used. Throws a ClientError if a certificate is none. */
  constructor(options: GrpcChannelOptions) {
    this.#options = { ...options, secureContext: secureContextOf(options.tls) };
  }

  async unary(name: string, message: MessagePieces, sent: Sent): Promise<UnaryAnswer> {
    const { signal, headers } = sent;
    const session = this.#live ?? (await this.connected(signal));
    signal.throwIfAborted();
    const receivedBefore = session.receivedBytes;
    return await new Promise((resolve, reject) => {
      let bytes: Uint8Array | undefined;
      const call = this.duplex(session, name, headers, {
        onMessage: (given) => {
          bytes = given;
        },
        onEnd: (failure, trailers) => {
          signal.removeEventListener("abort", abort);
          if (failure !== undefined) reject(failure);
          else if (bytes !== undefined) resolve({ bytes, trailers });
          else reject(badAnswer("no answer of an inference server: it has no message"));
        },
      });
      const abort = (): void => {
        call.cancel();
        if (session.receivedBytes === receivedBefore) session.leave();
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      call.write(message);
      call.end();
    });
  }

  duplex(
    session: GrpcSession,
    name: string,
    headers: Sent["headers"],
    events: CallEvents,
  ): GrpcCall {
    const stream = session.request(toHeaders(name, headers, this.#options.compression));
    return new GrpcCall(stream, this.#options, events);
  }

  /** Whoever else waits for it goes on when the signal fires. */
  async connected(signal: AbortSignal): Promise<GrpcSession> {
    signal.throwIfAborted();
    if (this.#live !== undefined) return this.#live;
    this.#connecting ??= this.#connect();
    return await raced(this.#connecting, signal);
  }

  close(): void {
    this.#isClosed = true;
    this.#session?.destroy();
  }

  get #live(): GrpcSession | undefined {
    return this.#session?.takesCalls === true ? this.#session : undefined;
  }

  async #connect(): Promise<GrpcSession> {
    try {
      const session = await GrpcSession.connect(this.#options);
      if (this.#isClosed) session.destroy();
      this.#session = session;
      return session;
    } finally {
      this.#connecting = undefined;
    }
  }
}

function secureContextOf(tls: TlsOptions | undefined): SecureContext | undefined {
  if (tls === undefined) return undefined;
  const { rejectUnauthorized: _, servername: __, ...files } = tls;
  try {
    return createSecureContext(files);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError("invalid", `createClient: option 'tls': ${why}`, { cause });
  }
}

function toHeaders(
  name: string,
  given: Sent["headers"],
  compression: GrpcChannelOptions["compression"],
): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {};
  for (const [written, value] of Object.entries(given)) {
    const key = written.toLowerCase();
    if (!/^[\w.-]+$/.test(key) || !/^[ -~]*$/.test(value)) {
      // Its value may be a secret.
      throw invalid(`option 'headers' or 'token': header '${written}' cannot be sent over gRPC`);
    }
    headers[key] = value;
  }
  headers[":method"] = "POST";
  headers[":path"] = `/inference.GRPCInferenceService/${name}`;
  headers["te"] = "trailers";
  headers["content-type"] = "application/grpc";
  headers["user-agent"] ??= "grpc-shoal";
  headers["grpc-accept-encoding"] = "identity,deflate,gzip";
  if (compression !== "none") headers["grpc-encoding"] = compression;
  return headers;
}
