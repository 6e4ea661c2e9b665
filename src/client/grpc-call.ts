/**
 * Call: one call of gRPC over a stream of HTTP/2: messages both ways, and the status behind them.
 *
 * It ends once: behind all messages, if the server has said how it ends; at once if the stream
 * breaks. After `cancel` nothing is told any more.
 */
import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import type { MessagePieces } from "../protocol/message-pieces.ts";
import { badAnswer, ClientError } from "./client-error.ts";
import { failureOf } from "./grpc-errors.ts";
import { type Frame, FrameReader, framed, framedAndPacked, unpacked } from "./grpc-framing.ts";
import type { GrpcChannelOptions } from "./grpc-options.ts";
import { unreachable } from "./grpc-session.ts";

export interface CallEvents {
  readonly onMessage: (bytes: Uint8Array) => void;
  /** Without a failure it has ended well. */
  readonly onEnd: (failure: ClientError | undefined, trailers: IncomingHttpHeaders) => void;
}

export class GrpcCall {
  readonly #stream: ClientHttp2Stream;
  readonly #options: GrpcChannelOptions;
  readonly #events: CallEvents;
  readonly #frames: FrameReader;
  #headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  #trailers: IncomingHttpHeaders | undefined;
  #error: Error | undefined;
  #isEnded = false;
  /** Of what is compressed, or is behind that. */
  #sending: Promise<void> | undefined;
  #reading: Promise<void> | undefined;

  constructor(stream: ClientHttp2Stream, options: GrpcChannelOptions, events: CallEvents) {
    this.#stream = stream;
    this.#options = options;
    this.#events = events;
    this.#frames = new FrameReader(options.maxResponseBytes);
    stream.once("response", (headers) => {
      this.#headers = headers;
      if (headers["grpc-status"] !== undefined) this.#trailers = headers;
    });
    stream.once("trailers", (trailers) => {
      this.#trailers = trailers;
    });
    stream.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    stream.once("end", () => this.#inTurn(() => this.#finish()));
    stream.on("error", (error) => {
      this.#error = error;
    });
    stream.once("close", () => {
      this.#inTurn(() => {
        if (!this.#isEnded) this.#end(this.#broken());
      });
    });
  }

  write(message: MessagePieces): void {
    const { compression } = this.#options;
    if (compression === "none") this.#write(framed(message));
    else this.#send(async () => this.#write(await framedAndPacked(message, compression)));
  }

  end(): void {
    if (this.#sending === undefined) this.#stream.end();
    else this.#send(() => void this.#stream.end());
  }

  cancel(): void {
    this.#isEnded = true;
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  get isPaused(): boolean {
    return this.#stream.isPaused();
  }

  #write(pieces: readonly Uint8Array[]): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    stream.cork();
    for (const piece of pieces) stream.write(piece);
    stream.uncork();
  }

  #send(work: () => void | Promise<void>): void {
    this.#sending = (this.#sending ?? Promise.resolve()).then(work).catch((cause: Error) => {
      this.#fail(new ClientError("invalid", `the request: ${cause.message}`, { cause }));
    });
  }

  #receive(chunk: Uint8Array): void {
    // A page of a proxy has no messages.
    if (this.#isEnded || this.#headers[":status"] !== 200) return;
    try {
      for (const frame of this.#frames.read(chunk)) this.#take(frame);
    } catch (error) {
      this.#fail(error as ClientError);
    }
  }

  #take({ bytes, isCompressed }: Frame): void {
    if (!isCompressed) {
      this.#inTurn(() => this.#tell(bytes));
      return;
    }
    const encoding = String(this.#headers["grpc-encoding"] ?? "identity");
    this.#reading = (this.#reading ?? Promise.resolve())
      .then(async () => this.#tell(await unpacked(bytes, encoding, this.#options.maxResponseBytes)))
      .catch((error: ClientError) => this.#fail(error));
  }

  /** Behind what is still to be decompressed. */
  #inTurn(work: () => void): void {
    if (this.#reading === undefined) work();
    else this.#reading = this.#reading.then(work);
  }

  #tell(bytes: Uint8Array): void {
    if (!this.#isEnded) this.#events.onMessage(bytes);
  }

  #finish(): void {
    if (this.#trailers === undefined) return;
    this.#end(failureOf(this.#trailers));
    // The server does not want the rest of the request.
    if (this.#stream.writableLength > 0) this.#stream.close(constants.NGHTTP2_CANCEL);
    else if (!this.#stream.writableEnded) this.#stream.end();
  }

  #fail(failure: ClientError): void {
    this.#end(failure);
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #end(failure: ClientError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.onEnd(failure, this.#trailers ?? {});
  }

  /** The server has not said how it ends. */
  #broken(): ClientError {
    const stream = this.#stream;
    const { address } = this.#options;
    const status = this.#headers[":status"];
    const cause = this.#error;
    if (stream.id === undefined || stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) {
      return unreachable(address, cause ?? new Error("it refused the stream"));
    }
    if (stream.rstCode === constants.NGHTTP2_NO_ERROR && status !== undefined)
      return strange(status);
    const why = cause?.message ?? `the stream ended with code ${stream.rstCode}`;
    return new ClientError("connection", `the connection to ${address} broke: ${why}`, { cause });
  }
}

function strange(status: number): ClientError {
  const what = status === 200 ? "it has no grpc-status" : `status ${status} of HTTP`;
  return badAnswer(`no answer of an inference server: ${what}`, { status });
}
