/**
 * Stall: a client that takes nothing of what it asked for, which HTTP/2 lets it do for ever. It is
 * given its time for each megabyte, and then its call is cut off.
 */
import { constants } from "node:http2";
import { http2StreamOf } from "./grpc-internals.ts";
import type { GrpcOptions } from "./grpc-options.ts";

export const stallShareBytes: number = 1024 * 1024;

/** How long so many bytes may take. */
export function longestStallMs(bytes: number, stallTimeoutMs: number): number {
  return Math.max(1, Math.ceil(bytes / stallShareBytes)) * stallTimeoutMs;
}

export function cutOff(
  call: object,
  { log, stallTimeoutMs }: Pick<GrpcOptions, "log" | "stallTimeoutMs">,
): void {
  log.warning(`a client took nothing for ${stallTimeoutMs} ms: its call is cut off`, {});
  http2StreamOf(call).close(constants.NGHTTP2_CANCEL);
}
