/**
 * Messages of gRPC as they lie in a stream, one behind another:
 *
 *   | is it compressed? 1 byte | length: 4 bytes, the highest first | message |
 */
import { constants } from "node:buffer";
import { promisify } from "node:util";
import { deflate, gunzip, gzip, inflate } from "node:zlib";
import type { MessagePieces } from "../protocol/message-pieces.ts";
import { concatenated, inOnePiece } from "./bytes.ts";
import { badAnswer, tooLong } from "./client-error.ts";

export interface Frame {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
}

const prefixBytes = 5;

/** To copy so many bytes takes less than to write them in pieces. */
const smallBytes = 16 * 1024;

const packers = { gzip: promisify(gzip), deflate: promisify(deflate) };
const unpackers = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** To be written one behind another. */
export function framed({ pieces, byteLength }: MessagePieces): readonly Uint8Array[] {
  const all = [prefixOf(byteLength, false), ...pieces];
  return byteLength < smallBytes ? [concatenated(all)] : all;
}

export async function framedAndPacked(
  { pieces }: MessagePieces,
  encoding: "gzip" | "deflate",
): Promise<readonly Uint8Array[]> {
  const packed = await packers[encoding](concatenated(pieces));
  return [prefixOf(packed.byteLength, true), packed];
}

export async function unpacked(
  bytes: Uint8Array,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const unpack = Object.entries(unpackers).find(([name]) => name === encoding)?.[1];
  if (unpack === undefined)
    throw badAnswer(`the answer is compressed by '${encoding}', which is unknown`);
  try {
    return await unpack(bytes, { maxOutputLength: Math.min(maxBytes, constants.MAX_LENGTH) });
  } catch (cause) {
    const isTooLong = cause instanceof RangeError;
    throw isTooLong ? tooLong(maxBytes) : badAnswer("the answer does not decompress", { cause });
  }
}

function prefixOf(length: number, isCompressed: boolean): Uint8Array {
  return Uint8Array.of(isCompressed ? 1 : 0, length >>> 24, length >>> 16, length >>> 8, length);
}

/** Takes bytes as they come. */
export class FrameReader {
  readonly #maxBytes: number;
  #chunks: Uint8Array[] = [];
  #byteLength = 0;
  /** Of the message that comes, once its prefix has come. */
  #messageBytes: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Those that are whole now. Throws a ClientError if one is too long. */
  read(chunk: Uint8Array): readonly Frame[] {
    const frames: Frame[] = [];
    this.#chunks.push(chunk);
    this.#byteLength += chunk.byteLength;
    while (this.#byteLength >= prefixBytes + (this.#messageBytes ?? 0)) {
      const end = prefixBytes + (this.#messageBytes ?? 0);
      const all = this.#joined(end);
      if (this.#messageBytes === undefined) {
        this.#chunks = [all];
        this.#messageBytes = new DataView(all.buffer, all.byteOffset).getUint32(1);
        if (this.#messageBytes > this.#maxBytes) throw tooLong(this.#maxBytes);
      } else {
        frames.push({ bytes: all.subarray(prefixBytes, end), isCompressed: all[0] === 1 });
        this.#chunks = [all.subarray(end)];
        this.#byteLength -= end;
        this.#messageBytes = undefined;
      }
    }
    return frames;
  }

  /** A message ends with its last tensor, which is to end, and so to begin, where it needs no copy. */
  #joined(end: number): Uint8Array {
    const [first] = this.#chunks;
    return first !== undefined && this.#chunks.length === 1
      ? first
      : inOnePiece(this.#chunks, 8, end);
  }
}
