/**
 * Session: one HTTP/2 connection to a server.
 *
 * It is there when the server has told its settings: until then nothing is sent, so whatever fails is
 * safe to try again. It keeps no process alive while no call is open.
 *
 * It takes no more calls once it is closed, by either side, or the server has said that it goes away;
 * calls that are open go on. Nor when a call was given up and nothing at all has come since that
 * was sent: a peer that has vanished says nothing of it.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
} from "node:http2";
import type { SecureContext } from "node:tls";
import { ClientError, invalid } from "./client-error.ts";
import type { GrpcChannelOptions } from "./grpc-options.ts";
import { messageOf } from "./node-transport.ts";

export interface GrpcSessionOptions extends GrpcChannelOptions {
  /** Undefined: in plain text. */
  readonly secureContext: SecureContext | undefined;
}

/** Bytes on their way to us that nobody has taken yet: of a call, and of all. */
const callWindow = 4 * 2 ** 20;
const sessionWindow = 16 * 2 ** 20;

export class GrpcSession {
  readonly #session: ClientHttp2Session;
  readonly #address: string;
  #openCount = 0;
  #isLeft = false;

  constructor(session: ClientHttp2Session, address: string) {
    this.#session = session;
    this.#address = address;
    session.unref();
  }

  static connect(options: GrpcSessionOptions): Promise<GrpcSession> {
    const { address, connectTimeoutMs, tls, secureContext } = options;
    const { rejectUnauthorized = true, servername } = tls ?? {};
    const session = connect(`${secureContext === undefined ? "http" : "https"}://${address}`, {
      ...(secureContext !== undefined && { secureContext, rejectUnauthorized }),
      ...(servername !== undefined && { servername }),
      settings: { enablePush: false, initialWindowSize: callWindow },
      // What waits to be sent is limited by the calls in flight.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
    });
    return new Promise((resolve, reject) => {
      let cause = new Error("closed");
      const late = (): void => {
        const why = `no connection within ${connectTimeoutMs} ms (option 'connectTimeoutMs')`;
        session.destroy(new ClientError("timeout", why, { isRetrySafe: true }));
      };
      const timer = setTimeout(late, Math.min(connectTimeoutMs, 2 ** 31 - 1));
      session.once("remoteSettings", () => {
        clearTimeout(timer);
        session.setLocalWindowSize(sessionWindow);
        resolve(new GrpcSession(session, address));
      });
      session.on("error", (error) => {
        cause = error;
      });
      session.once("close", () => {
        clearTimeout(timer);
        reject(cause instanceof ClientError ? cause : unreachable(address, cause));
      });
    });
  }

  get takesCalls(): boolean {
    return !this.#isLeft && !this.#session.closed && !this.#session.destroyed;
  }

  /** Grows when something comes. */
  get receivedBytes(): number {
    return this.#session.destroyed ? 0 : this.#session.socket.bytesRead;
  }

  request(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const session = this.#session;
    const stream = openStream(session, headers, this.#address);
    if (this.#openCount === 0) session.ref();
    this.#openCount += 1;
    stream.once("close", () => {
      this.#openCount -= 1;
      if (this.#openCount > 0) return;
      session.unref();
      if (this.#isLeft) session.close();
    });
    return stream;
  }

  /** Open calls go on. */
  leave(): void {
    this.#isLeft = true;
    if (this.#openCount === 0) this.#session.close();
  }

  destroy(): void {
    this.#session.destroy();
  }
}

/** Nothing was sent, or the server has not looked at it. */
export function unreachable(address: string, cause: Error): ClientError {
  const why = `cannot reach ${address}: ${messageOf(cause)}`;
  return new ClientError("connection", why, { cause, isRetrySafe: true });
}

function openStream(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  address: string,
): ClientHttp2Stream {
  try {
    return session.request(headers);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    const isHeaders = "code" in cause && /HEADER/.test(String(cause.code));
    throw isHeaders
      ? invalid(`option 'headers': ${cause.message}`, { cause })
      : unreachable(address, cause);
  }
}
