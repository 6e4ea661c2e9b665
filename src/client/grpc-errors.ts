/**
 * What the status of a gRPC call that failed means, as the client's error.
 *
 * grpc-js makes statuses of its own, with the same codes, where no server has said anything. They
 * are told by their texts: those of a server come with the header `content-type`, unless it had
 * answered before. test/client/grpc-bare.test.ts has them from grpc-js itself.
 */
import { type StatusObject, status as statuses } from "@grpc/grpc-js";
import {
  badAnswer,
  ClientError,
  type ClientErrorCode,
  type ClientErrorKind,
  clientErrorCodes,
  invalid,
} from "./client-error.ts";
import type { GrpcChannelOptions } from "./grpc-options.ts";

export type Status = Pick<StatusObject, "code" | "details" | "metadata">;

/** Nothing was sent, or the server says that it did not look at it. */
const notSent =
  /^No connection established|^Name resolution failed|^Failed to start HTTP\/2 stream|^Channel closed|^Stream refused by server/;

const broken =
  /^Connection dropped|^Received RST_STREAM|^Write error|^Call cancelled$|^(read|write) E[A-Z]+|^Bandwidth exhausted or memory|^Protocol not secure/;

const strange =
  /^Received HTTP status code|^No status information|^No message received$|^Failed to decompress/;
/** Triton's, with UNAVAILABLE, of a token that is missing or wrong: another try is no use. */
const restricted = /^This protocol is restricted/;
const unsendable = /headers are forbidden/;
const tooLong = /^Received message (larger than max|that decompresses)/;

export function grpcError(
  { code: status, details, metadata }: Status,
  { address, maxResponseBytes }: Pick<GrpcChannelOptions, "address" | "maxResponseBytes">,
): ClientError {
  const code = codeOf(status);
  // What cannot be read has none.
  if (!Number.isInteger(status)) return badAnswer("no answer of an inference server: no status");
  if (strange.test(details)) {
    return badAnswer(`no answer of an inference server: ${details}`, { code, status });
  }
  if (tooLong.test(details)) {
    const limit = `${maxResponseBytes} bytes (option 'maxResponseBytes')`;
    return badAnswer(`the answer is longer than ${limit}`, { code, status });
  }
  const isServers = metadata.get("content-type").length > 0;
  if (!isServers && unsendable.test(details)) {
    return invalid(`option 'headers': ${details}`);
  }
  if (!isServers && notSent.test(details)) {
    const kind = details.startsWith("Stream refused") ? "refused" : "connection";
    return new ClientError(kind, `cannot reach ${address}: ${details}`, { isRetrySafe: true });
  }
  if (!isServers && broken.test(details)) {
    return new ClientError("connection", `the connection to ${address} broke: ${details}`);
  }
  if (restricted.test(details)) {
    return new ClientError("server", details, { code: "PERMISSION_DENIED", status });
  }
  const kind: ClientErrorKind = status === statuses.UNAVAILABLE ? "refused" : "server";
  const [pushback] = metadata.get("grpc-retry-pushback-ms");
  const retryAfterMs = Number(pushback) >= 0 ? Number(pushback) : undefined;
  return new ClientError(kind, details, { code, status, retryAfterMs });
}

function codeOf(status: number): ClientErrorCode {
  const name = statuses[status];
  return clientErrorCodes.find((code) => code === name) ?? "UNKNOWN";
}
