/**
 * Compression of messages to a client: by how much, and by what the client says that it can read.
 *
 * It concerns the responses of inference only, as in Triton. Requests may be compressed as they
 * like: grpc-js decompresses them.
 */
import { promisify } from "node:util";
import { deflate, gzip } from "node:zlib";
import { Metadata, type ServerDuplexStream, type ServerUnaryCall } from "@grpc/grpc-js";
import { WireMessage } from "./wire-message.ts";

export type CompressionLevel = "none" | "low" | "medium" | "high";

/** How the messages of one call are sent. */
export type MessageEncoding = "identity" | "gzip" | "deflate";

type AnyCall = ServerUnaryCall<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

const zlibLevels: Readonly<Record<CompressionLevel, number>> = {
  none: 0,
  low: 1,
  medium: 6,
  high: 9,
};

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };

export class MessageCompression {
  readonly #level: CompressionLevel;
  readonly #acceptedBy: (call: object) => string | undefined;

  /** `acceptedBy` knows the header grpc-accept-encoding of a call. */
  constructor(level: CompressionLevel, acceptedBy: (call: object) => string | undefined) {
    this.#level = level;
    this.#acceptedBy = acceptedBy;
  }

  /** Before the first message of a call: tells the client, if there is anything to tell. */
  begin(call: AnyCall): MessageEncoding {
    if (this.#level === "none") return "identity";
    const accepted = (this.#acceptedBy(call) ?? "").split(",").map((name) => name.trim());
    const encoding = (["gzip", "deflate"] as const).find((name) => accepted.includes(name));
    if (encoding === undefined) return "identity";
    const metadata = new Metadata();
    metadata.set("grpc-encoding", encoding);
    call.sendMetadata(metadata);
    return encoding;
  }

  async compress(
    message: WireMessage,
    encoding: Exclude<MessageEncoding, "identity">,
  ): Promise<WireMessage> {
    const whole = new Uint8Array(message.byteLength);
    message.copyInto(whole, 0);
    const level = zlibLevels[this.#level];
    const compressed = await compressors[encoding](whole, { level });
    const { byteLength } = compressed;
    return new WireMessage({ pieces: [compressed], byteLength }, { isCompressed: true });
  }
}
