/**
 * Stream writer: writes messages to the client of one stream, no more than it takes.
 *
 * It is full while so many messages, or bytes, have been handed to grpc-js and not been taken by
 * the connection, and while a message is being compressed. A client that takes nothing for too
 * long is given up: one megabyte, or what there is, in each `stallTimeoutMs`; 0: it is waited for.
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import type { Clock } from "../../core/clock.ts";
import type { MessageCompression, MessageEncoding } from "./message-compression.ts";
import type { WireMessage } from "./wire-message.ts";

export interface StreamWriterOptions {
  readonly call: ServerDuplexStream<unknown, WireMessage>;
  readonly clock: Clock;
  readonly compression: MessageCompression;
  readonly stallTimeoutMs: number;
  /** It was full, and is not any more. */
  readonly onFree: () => void;
  /** The client takes nothing. Told once. */
  readonly onStalled: () => void;
  readonly onFailed: (reason: unknown) => void;
}

const mostMessages = 16;
const mostBytes = 1024 * 1024;

export class StreamWriter {
  readonly #options: StreamWriterOptions;
  #encoding: MessageEncoding | undefined = undefined;
  /** Handed to grpc-js, not taken yet. */
  #messageCount = 0;
  #bytes = 0;
  #isCompressing = false;
  #lastTakenMs = 0;
  #cancelWatch: (() => void) | undefined = undefined;

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
    if (this.#encoding === "identity") this.#hand(message);
    else {
      this.#isCompressing = true;
      compression
        .compress(message, this.#encoding)
        .then((compressed) => {
          this.#isCompressing = false;
          this.#hand(compressed);
          if (!this.isFull) this.#options.onFree();
        })
        .catch(this.#options.onFailed);
    }
  }

  /** Nothing more is to be watched. */
  close(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = undefined;
  }

  #hand(message: WireMessage): void {
    const { byteLength } = message;
    if (this.#messageCount === 0) this.#lastTakenMs = this.#options.clock.nowMs();
    this.#messageCount += 1;
    this.#bytes += byteLength;
    this.#options.call.write(message, () => this.#taken(byteLength));
    if (this.#messageCount > 0) this.#watch();
  }

  #taken(byteLength: number): void {
    const wasFull = this.isFull;
    this.#messageCount -= 1;
    this.#bytes -= byteLength;
    this.#lastTakenMs = this.#options.clock.nowMs();
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
    const shareCount = Math.max(1, Math.ceil(this.#bytes / mostBytes));
    return this.#lastTakenMs + shareCount * this.#options.stallTimeoutMs;
  }
}
