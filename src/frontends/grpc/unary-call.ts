/**
 * Unary call: one request, one response. What every call but inference is made of.
 */
import type { Server, ServerUnaryCall, sendUnaryData } from "@grpc/grpc-js";
import type { Log } from "../../core/log.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { type Parsed, parsed, statusOf } from "./grpc-status.ts";
import { deserializer, type MessageType, serializer } from "./wire-message.ts";

export interface UnaryCall<Request, Response> {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly request: Pick<MessageType<Request, never>, "decode">;
  readonly response: Pick<MessageType<unknown, Response>, "encode">;
  /** May throw an InferenceError, or reject with one. */
  readonly answer: (request: Request) => Response | Promise<Response>;
}

export function addUnaryCall<Request, Response>(
  server: Server,
  log: Log,
  { path, request, response, answer }: UnaryCall<Request, Response>,
): void {
  const handle = (
    call: ServerUnaryCall<Parsed<Request>, Response>,
    respond: sendUnaryData<Response>,
  ): void => {
    const fail = (reason: unknown): void => {
      if (!(reason instanceof InferenceError)) log.error(`${path} failed`, { error: reason });
      respond(statusOf(InferenceError.from(reason)), null);
    };
    try {
      const answered = answer(parsed(call.request));
      // Most are there at once, and need not wait for the next turn.
      if (answered instanceof Promise) answered.then((given) => respond(null, given), fail);
      else respond(null, answered);
    } catch (reason) {
      fail(reason);
    }
  };
  server.register(path, handle, serializer(response), deserializer(request), "unary");
}
