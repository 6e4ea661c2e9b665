/**
 * Wire message: how encoded messages come to the socket without being joined first.
 *
 * grpc-js makes one buffer of each message: five bytes of prefix (flag, length), and behind it what
 * its serializer returns, for which it asks `byteLength`, and then calls `copy`. So an object with
 * these two is copied once, from where its slices are, into what is sent. As `copy` can reach the
 * prefix, it also sets the flag of a compressed message, of which grpc-js knows nothing; and it can
 * send several messages as if they were one, which costs a fraction of sending each by itself.
 *
 *   | 0 or 1 | length (4) | slice | slice | ... | 0 or 1 | length (4) | slice | ...
 */
import protobuf from "protobufjs/minimal.js";
import type { MessagePieces } from "../../protocol/message-pieces.ts";
import { type Parsed, unparsable } from "./grpc-status.ts";

const prefixBytes = 5;

export interface WireOptions {
  readonly isCompressed?: boolean;
}

/** What is handed to grpc-js. */
export interface Sendable {
  readonly byteLength: number;
  /** As of a Buffer. grpc-js has written a prefix in front of `start`. */
  copy(target: Uint8Array, start: number): void;
}

export class WireMessage implements Sendable {
  readonly byteLength: number;
  readonly isCompressed: boolean;
  readonly #pieces: readonly Uint8Array[];

  constructor({ pieces, byteLength }: MessagePieces, { isCompressed = false }: WireOptions = {}) {
    this.#pieces = pieces;
    this.byteLength = byteLength;
    this.isCompressed = isCompressed;
  }

  copy(target: Uint8Array, start: number): void {
    if (this.isCompressed) target[start - prefixBytes] = 1;
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

/** Several messages, each with a prefix of its own. */
export class WireBatch implements Sendable {
  readonly byteLength: number;
  readonly #messages: readonly WireMessage[];

  /** One at least. */
  constructor(messages: readonly WireMessage[]) {
    let byteLength = -prefixBytes;
    for (const message of messages) byteLength += prefixBytes + message.byteLength;
    this.byteLength = byteLength;
    this.#messages = messages;
  }

  copy(target: Uint8Array, start: number): void {
    const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
    let offset = start - prefixBytes;
    for (const message of this.#messages) {
      view.setUint8(offset, message.isCompressed ? 1 : 0);
      view.setUint32(offset + 1, message.byteLength);
      message.copyInto(target, offset + prefixBytes);
      offset += prefixBytes + message.byteLength;
    }
  }
}

/** For grpc-js, which takes it for a Buffer. */
export function serializeSendable(message: Sendable): Buffer {
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
