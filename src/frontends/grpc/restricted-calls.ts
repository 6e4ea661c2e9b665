/**
 * Restricted calls: a call of a group that is closed, without its header, is sent to a handler that
 * only refuses. That happens when its headers have arrived, and before anything of it is read.
 *
 * One handler for each header that a refusal may name, under a path that no service has.
 */
import type { IncomingHttpHeaders } from "node:http2";
import type { Server, ServerDuplexStream } from "@grpc/grpc-js";
import { InferenceError } from "../../protocol/errors.ts";
import { groupOfCall } from "../endpoint-groups.ts";
import type { Restrictions } from "../restrictions.ts";
import { statusOf } from "./grpc-status.ts";

/** Changes the path of what may not pass. */
export type Gate = (headers: IncomingHttpHeaders) => void;

export function addRestrictedCalls(server: Server, restrictions: Restrictions): Gate {
  if (restrictions.isEmpty) return () => {};
  const nothing = (): Buffer => Buffer.alloc(0);
  for (const header of restrictions.headers) {
    const refuse = (call: ServerDuplexStream<unknown, never>): void => {
      const why = `This protocol is restricted, expecting header '${header}'`;
      call.emit("error", statusOf(new InferenceError("UNAVAILABLE", why)));
    };
    server.register(pathOf(header), refuse, nothing, nothing, "bidi");
  }
  return (headers) => {
    const group = groupOfCall(headers[":path"] ?? "");
    const header = restrictions.missing(group, (name) => sentIn(headers, name));
    if (header !== undefined) headers[":path"] = pathOf(header);
  };
}

function pathOf(header: string): string {
  return `/restricted/${header}`;
}

/** Of one that was sent twice: both, which is no token. */
function sentIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  return headers[name]?.toString();
}
