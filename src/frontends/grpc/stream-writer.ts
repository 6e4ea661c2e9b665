/**
 * Stream writer: writes messages to the client of one stream, no more than it takes.
 *
 * One write at a time: what comes while the connection is taking one goes with the next, all of it
 * together. It is full while so many messages, or bytes, wait or are being written, and while a
 * message is being compressed. With a delay, each message goes by itself, so much later. A client that takes nothing for too long is given up: one megabyte,
 * or what there is, in each `stallTimeoutMs`; 0: it is waited for.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Clock } from "../../core/clock.ts";
import type { MessageCompression, MessageEncoding } from "./message-compression.ts";
import { longestStallMs, stallShareBytes } from "./stall.ts";
import { type Sendable, WireBatch, type WireMessage } from "./wire-message.ts";

export interface StreamWriterOptions {
  readonly call: ServerDuplexStream<unknown, Sendable>;
  readonly clock: Clock;
  readonly compression: MessageCompression;
  readonly stallTimeoutMs: number;
  /** 0: none. */
  readonly delayMs: number;
  /** It was full, and is not any more. */
  readonly onFree: () => void;
  /** The client takes nothing. Told once. */
  readonly onStalled: () => void;
  readonly onFailed: (reason: unknown) => void;
}

const mostMessages = 64;
const mostBytes = stallShareBytes;

export class StreamWriter {
  readonly #options: StreamWriterOptions;
  #encoding: MessageEncoding | undefined = undefined;
  /** Not taken yet, `#waiting` among them. */
  #messageCount = 0;
  #bytes = 0;
  #waiting: WireMessage[] = [];
  #isWriting = false;
  #isCompressing = false;
  #isClosed = false;
  /** To be called when everything has been handed to grpc-js. */
  #finish: (() => void) | undefined = undefined;
  #lastTakenMs = 0;
  #cancelWatch: (() => void) | undefined = undefined;
  #cancelDelay: () => void = () => {};

  constructor(options: StreamWriterOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#isCompressing || this.#messageCount >= mostMessages || this.#bytes >= mostBytes;
  }

  /** Only while it is not full. */
  write(message: WireMessage): void {
    const { call, compression } = this.#options;
    this.#encoding ??= compression.begin(call);
    if (this.#encoding === "identity") this.#add(message);
    else {
      this.#isCompressing = true;
      compression
        .compress(message, this.#encoding)
        .then((compressed) => {
          this.#isCompressing = false;
          if (this.#isClosed) return;
          this.#add(compressed);
          if (this.#finish !== undefined) this.finish(this.#finish);
          else if (!this.isFull) this.#options.onFree();
        })
        .catch(this.#options.onFailed);
    }
  }

  /** Nothing more comes: `end` is called behind the last message. */
  finish(end: () => void): void {
    this.#finish = end;
    if (this.#isCompressing || (this.#options.delayMs > 0 && this.#messageCount > 0)) return;
    if (this.#waiting.length > 0) this.#hand();
    end();
  }

  /** The client has gone: nothing more is to be said or watched. */
  close(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
    this.#cancelDelay();
    this.#waiting = [];
    this.#isClosed = true;
  }

  #add(message: WireMessage): void {
    this.#waiting.push(message);
    this.#messageCount += 1;
    this.#bytes += message.byteLength;
    if (!this.#isWriting) this.#handNext();
  }

  #handNext(): void {
    const { delayMs, clock } = this.#options;
    if (delayMs === 0 || this.#waiting.length === 0) {
      this.#hand();
      return;
    }
    this.#isWriting = true;
    const atMs = clock.nowMs() + delayMs;
    this.#lastTakenMs = atMs;
    this.#cancelDelay = clock.wakeAt(atMs, () => {
      this.#hand(this.#waiting.slice(0, 1), this.#waiting.slice(1));
    });
  }

  #hand(messages = this.#waiting, rest: WireMessage[] = []): void {
    const [first] = messages;
    if (first === undefined) return;
    this.#waiting = rest;
    this.#isWriting = true;
    this.#lastTakenMs = this.#options.clock.nowMs();
    const sendable = messages.length === 1 ? first : new WireBatch(messages);
    this.#options.call.write(sendable, () => this.#taken(messages));
    this.#watch();
  }

  #taken(messages: readonly WireMessage[]): void {
    const wasFull = this.isFull;
    this.#messageCount -= messages.length;
    for (const { byteLength } of messages) this.#bytes -= byteLength;
    this.#isWriting = false;
    this.#handNext();
    if (this.#options.delayMs > 0 && this.#finish !== undefined) this.finish(this.#finish);
    if (wasFull && !this.isFull) this.#options.onFree();
  }

  /** One timer at most, which looks again when it may be time. */
  #watch(): void {
    if (this.#options.stallTimeoutMs === 0) return;
    this.#cancelWatch ??= this.#options.clock.wakeAt(this.#stalledAtMs(), () => {
      this.#cancelWatch = undefined;
      if (this.#messageCount === 0) return;
      if (this.#options.clock.nowMs() < this.#stalledAtMs()) this.#watch();
      else this.#options.onStalled();
    });
  }

  #stalledAtMs(): number {
    return this.#lastTakenMs + longestStallMs(this.#bytes, this.#options.stallTimeoutMs);
  }
}
