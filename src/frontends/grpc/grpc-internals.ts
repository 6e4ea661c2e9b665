/**
 * Internals of grpc-js: the one file that reaches past what the library promises, for what it has no
 * words for. package.json pins the version that this was written for; grpc-internals.test.ts fails
 * if another one is built otherwise.
 *
 *   the HTTP/2 server behind an injector     to count bytes that arrive, and to see headers
 *   the paths that it knows                  as it tells of others in words of its own
 *   the HTTP/2 stream behind a call          to cut a call whose client takes nothing
 *   the limit of decompressed messages       which is not that of messages on the wire
 *   the status of a deadline                 whose text clients of other makers compare
 *   deadlines of more than 24 days           which it takes for deadlines that have passed
 */
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import type { Server, ServerInterceptor, StatusObject } from "@grpc/grpc-js";
import { assert } from "../../assert.ts";
import { errorCodes } from "../../protocol/errors.ts";

interface ServerInside {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
  readonly handlers: ReadonlyMap<string, unknown>;
}

interface CallInside {
  readonly call: { readonly stream: ServerHttp2Stream };
}

interface InterceptedInside {
  readonly stream: ServerHttp2Stream;
  readonly receivedHalfClose: boolean;
  maxReceiveMessageSize: number;
  sendStatus(status: Partial<StatusObject>): void;
}

/** Of a server with one injector. */
export function http2ServerOf(server: Server): Http2Server {
  const [http2Server] = (server as unknown as ServerInside).http2Servers.keys();
  assert(http2Server !== undefined, "an injector has one");
  return http2Server;
}

export function knowsPath(server: Server, path: string | undefined): boolean {
  return (server as unknown as ServerInside).handlers.has(path ?? "");
}

export function http2StreamOf(call: object): ServerHttp2Stream {
  return (call as unknown as CallInside).call.stream;
}

/** What grpc-js says when a call's time is over, and what every other gRPC says: clients compare it. */
const deadlineTexts = { ours: "Deadline exceeded", common: "Deadline Exceeded" };

/** `onEarlyEnd`: the call ends here before its client has said all, or when his time is over. */
export function limitCalls(
  maxBytes: number,
  onEarlyEnd: (stream: ServerHttp2Stream) => void,
): ServerInterceptor {
  return (_method, call) => {
    const inside = call as unknown as InterceptedInside;
    inside.maxReceiveMessageSize = maxBytes;
    const sendStatus = inside.sendStatus.bind(call);
    inside.sendStatus = (status) => {
      const isOutOfTime = status.code === errorCodes.DEADLINE_EXCEEDED.grpc;
      if (isOutOfTime || !inside.receivedHalfClose) onEarlyEnd(inside.stream);
      const isDeadline = status.details === deadlineTexts.ours;
      sendStatus(isDeadline ? { ...status, details: deadlineTexts.common } : status);
    };
    // A call without an interceptor is one, too, but for some methods that nobody calls here.
    return call as ReturnType<ServerInterceptor>;
  };
}

const timeoutHeader = "grpc-timeout";
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1 };
const mostTimerMs = 2 ** 31 - 1;

/** Before grpc-js reads them: a timer could not hold it, so it is as good as none. */
export function dropHugeTimeout(headers: IncomingHttpHeaders): void {
  const timeout = String(headers[timeoutHeader] ?? "");
  const timeoutMs = Number.parseInt(timeout, 10) * (unitMs[timeout.at(-1) ?? ""] ?? 0);
  if (timeoutMs > mostTimerMs) delete headers[timeoutHeader];
}
