/**
 * Raw gRPC: calls over HTTP/2, byte by byte. For what grpc-js would not send, and for what it throws
 * away: as a client it forgets the messages that it has not read when an error ends their call.
 */
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { gunzipSync } from "node:zlib";

const service = "/inference.GRPCInferenceService/";

export function openSession({ port }: { readonly port: number }): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  return session;
}

/** `method`: of the inference service, or the whole path. */
export function openCall(
  session: ClientHttp2Session,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": method.startsWith("/") ? method : service + method,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  return stream;
}

/** Of a call that ends with a status, whether anything came before or not. */
export async function statusOf(stream: ClientHttp2Stream): Promise<readonly [number, string]> {
  let last: Record<string, unknown> = {};
  stream.on("response", (headers) => {
    last = { ...last, ...headers };
  });
  stream.on("trailers", (headers) => {
    last = { ...last, ...headers };
  });
  stream.resume();
  // A server may have said all while its client has not.
  await Promise.race([once(stream, "end"), once(stream, "close")]);
  return [Number(last["grpc-status"] ?? -1), decodeURI(String(last["grpc-message"] ?? ""))];
}

/** The messages of a call, to its end; what is compressed is taken for gzip. */
export async function messagesOf(stream: ClientHttp2Stream): Promise<readonly Uint8Array[]> {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(stream, "end");
  const messages: Uint8Array[] = [];
  let rest = Buffer.concat(chunks);
  while (rest.byteLength > 0) {
    const end = 5 + rest.readUInt32BE(1);
    const message = rest.subarray(5, end);
    messages.push(rest[0] === 1 ? gunzipSync(message) : message);
    rest = rest.subarray(end);
  }
  return messages;
}

export function framed(
  message: Uint8Array,
  { flag = 0, length = message.byteLength } = {},
): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, message]);
}
