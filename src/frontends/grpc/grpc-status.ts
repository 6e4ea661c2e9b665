/**
 * Errors over gRPC: the status of a call that fails.
 *
 * The code comes from the table in protocol/errors.ts; the message is the error's, and nothing
 * else. It travels in a header, where each client has a limit: so it is cut.
 */
import type { StatusObject } from "@grpc/grpc-js";
import { errorCodes, InferenceError } from "../../protocol/errors.ts";

/** Of the message as it is sent; clients that are written in C++ take 8 KiB of headers. */
const mostDetailsBytes = 6000;

export function statusOf({ code, message }: InferenceError): Partial<StatusObject> {
  return { code: errorCodes[code].grpc, details: headerText(message) };
}

/** Half of a surrogate pair cannot be sent. */
function headerText(message: string): string {
  let text = message.replace(/\p{Surrogate}/gu, "\ufffd");
  for (let size = encodeURI(text).length; size > mostDetailsBytes; size = encodeURI(text).length) {
    const kept = text.slice(0, Math.floor((text.length * mostDetailsBytes) / size) - 1);
    text = `${kept.replace(/[\ud800-\udbff]$/, "")}…`;
  }
  return text;
}

/** What the bytes of a message become if they cannot be decoded: grpc-js would tell another text. */
export const unparsable: unique symbol = Symbol("unparsable");

export type Parsed<Message> = Message | typeof unparsable;

/** Throws INTERNAL, in the words of gRPC for C++. */
export function parsed<Message>(message: Parsed<Message>): Message {
  if (message !== unparsable) return message as Message;
  throw new InferenceError("INTERNAL", "Unable to parse request");
}
