/**
 * Wire message: how encoded messages come to the socket without being joined first.
 *
 * grpc-js makes one buffer of each message: five bytes of prefix (flag, length), and behind it what
 * its serializer returns, for which it asks `byteLength`, and then calls `copy`. So an object with
 * these two is copied once, from where its slices are, into what is sent. As `copy` can reach the
 * prefix, it also sets the flag of a compressed message, of which grpc-js knows nothing.
 *
 *   | 0 or 1 | length (4) | slice | slice | ...
 */
import protobuf from "protobufjs/minimal.js";
import type { MessagePieces } from "../../protocol/message-pieces.ts";
import { type Parsed, unparsable } from "./grpc-status.ts";

const prefixBytes = 5;

export interface WireOptions {
  readonly isCompressed?: boolean;
}

export class WireMessage {
  readonly byteLength: number;
  readonly #pieces: readonly Uint8Array[];
  readonly #isCompressed: boolean;

  constructor({ pieces, byteLength }: MessagePieces, { isCompressed = false }: WireOptions = {}) {
    this.#pieces = pieces;
    this.byteLength = byteLength;
    this.#isCompressed = isCompressed;
  }

  /** For grpc-js, which has written the prefix. */
  copy(target: Uint8Array, start: number): void {
    if (this.#isCompressed) target[start - prefixBytes] = 1;
    this.copyInto(target, start);
  }

  copyInto(target: Uint8Array, start: number): void {
    let offset = start;
    for (const piece of this.#pieces) {
      target.set(piece, offset);
      offset += piece.byteLength;
    }
  }
}

/** For grpc-js, which takes it for a Buffer. */
export function serializePieces(message: WireMessage): Buffer {
  return message as unknown as Buffer;
}

/** What the generated code has for each message. */
export interface MessageType<Message, Properties> {
  decode(reader: protobuf.Reader): Message;
  encode(message: Properties): { finish(): Uint8Array };
}

export function deserializer<Message>(
  type: Pick<MessageType<Message, never>, "decode">,
): (bytes: Buffer) => Parsed<Message> {
  return (bytes) => {
    try {
      const reader = protobuf.Reader.create(bytes);
      reader.discardUnknown = true;
      return type.decode(reader);
    } catch {
      return unparsable;
    }
  };
}

export function serializer<Properties>(
  type: Pick<MessageType<unknown, Properties>, "encode">,
): (message: Properties) => Buffer {
  // Under Node the generated code writes Buffers.
  return (message) => type.encode(message).finish() as Buffer;
}
