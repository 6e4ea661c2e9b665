/**
 * Stream call: ModelStreamInfer, any number of requests on one stream, from the first message to
 * the status.
 *
 *   requests of models that are not decoupled   answered in the order in which they were read
 *   each request of a streaming model           in its own order, taking turns with the others
 *
 * An error of a request is a message, and the stream goes on; only if the client wishes it
 * (`triton_grpc_error: true`) does the first error of an accepted request end the stream. A request
 * is in flight until its last message has been handed to the connection; when too many are, the
 * stream is not read.
 *
 * Not here: what one request says (stream-request.ts), how fast the client takes it
 * (stream-writer.ts).
 */
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { InferenceError } from "../../protocol/errors.ts";
import { isExiting } from "../refusals.ts";
import { http2StreamOf } from "./grpc-internals.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { type Parsed, parsed, statusOf, unparsable } from "./grpc-status.ts";
import type { MessageCompression } from "./message-compression.ts";
import type { OpenStream, OpenStreams } from "./open-streams.ts";
import { type Lane, OutgoingLanes } from "./outgoing-lanes.ts";
import { type InferMessage, type RequestScope, shuttingDown } from "./request-scope.ts";
import { cutOff } from "./stall.ts";
import { type RequestStream, StreamRequest } from "./stream-request.ts";
import { StreamWriter } from "./stream-writer.ts";
import type { Sendable, WireMessage } from "./wire-message.ts";

export type InferStreamCall = ServerDuplexStream<Parsed<InferMessage>, Sendable>;

export interface StreamCallOptions {
  readonly options: GrpcOptions;
  readonly scope: RequestScope;
  readonly compression: MessageCompression;
  readonly open: OpenStreams;
  readonly deadlineMs: number;
}

/** More requests in flight, and the stream is not read. */
const mostInFlight = 1024;

interface Outgoing {
  readonly request: StreamRequest;
  /** Undefined: the request has ended, and there is nothing to say. */
  readonly message: WireMessage | undefined;
  readonly isLast: boolean;
  /** The whole stream ends with it. */
  readonly ending: InferenceError | undefined;
}

export class StreamCall implements RequestStream, OpenStream {
  readonly #call: InferStreamCall;
  readonly #options: StreamCallOptions;
  readonly #writer: StreamWriter;
  readonly #inFlight: Set<StreamRequest> = new Set();
  readonly #lanes = new OutgoingLanes<Outgoing>();
  readonly #orderedLane: Lane<Outgoing> = this.#lanes.newLane();
  readonly #ownLanes: Map<StreamRequest, Lane<Outgoing>> = new Map();
  /** Of models that are not decoupled, in the order of reading; with their answers, once there. */
  readonly #turns: { readonly request: StreamRequest; answer: Outgoing | undefined }[] = [];
  /** Of those whose messages filled the writer. */
  #uncredited: StreamRequest[] = [];
  readonly #endsWithError: boolean;
  #isHalfClosed = false;
  #isStopping = false;
  #isOver = false;

  constructor(call: InferStreamCall, options: StreamCallOptions) {
    const { clock, stallTimeoutMs } = options.options;
    this.#call = call;
    this.#options = options;
    this.#endsWithError = call.metadata.get("triton_grpc_error")[0] === "true";
    this.#writer = new StreamWriter({
      call,
      clock,
      compression: options.compression,
      stallTimeoutMs,
      delayMs: options.options.delays?.streamedMessageMs ?? 0,
      onFree: () => this.#goOn(),
      onStalled: () => this.#giveUp(),
      onFailed: (reason) => this.#endWith(options.scope.toError(reason, {})),
    });
  }

  start(): void {
    const call = this.#call;
    call.on("cancelled", () => this.#leave());
    if (http2StreamOf(call).destroyed) return;
    this.#options.open.add(this);
    call.on("data", (message: Parsed<InferMessage>) => this.#read(message));
    call.on("end", () => {
      this.#isHalfClosed = true;
      this.#endIfIdle();
    });
    if (isExiting(this.#options.options.service.state)) this.stop();
  }

  stop(): void {
    this.#isStopping = true;
    this.#endIfIdle();
  }

  answer(request: StreamRequest, message: WireMessage | undefined): void {
    if (this.#isOver) return;
    const outgoing = { request, message, isLast: request.hasEnded, ending: undefined };
    if (request.isDecoupled) this.#ownLanes.get(request)?.push(outgoing);
    else this.#takeTurn(outgoing);
    this.#flush();
  }

  /** Behind what the request has given before. */
  endsWith(request: StreamRequest, error: InferenceError): boolean {
    if (!this.#endsWithError) return false;
    const lane = this.#ownLanes.get(request);
    if (lane === undefined || lane.items.length === 0) this.#endWith(error);
    else lane.push({ request, message: undefined, isLast: true, ending: error });
    return true;
  }

  toError(reason: unknown, request: StreamRequest): InferenceError {
    return this.#options.scope.toError(reason, request.ended().fields);
  }

  logEnd(request: StreamRequest, error: InferenceError | undefined): void {
    const { scope } = this.#options;
    if (error === undefined) scope.logEnd("OK", "streamed", request.ended());
    else scope.logFailure(error, request.ended());
  }

  #read(message: Parsed<InferMessage>): void {
    if (this.#isOver) return;
    if (message === unparsable) {
      this.#parseFailed(message);
      return;
    }
    const { id, modelName, modelVersion } = message;
    const { scope } = this.#options;
    const request = new StreamRequest(this, { id, modelName, modelVersion }, scope.nowMs());
    this.#inFlight.add(request);
    if (this.#inFlight.size >= mostInFlight) this.#call.pause();
    try {
      this.#run(request, message);
    } catch (reason) {
      this.#enter(request);
      request.fail(this.toError(reason, request));
    }
  }

  #run(request: StreamRequest, message: InferMessage): void {
    const { scope, options, deadlineMs } = this.#options;
    const accepted = scope.accept(message, this.#call.metadata, ({ config }) => {
      request.isDecoupled = config.isDecoupled;
    });
    request.wantsEmptyFinal = accepted.wantsEmptyFinal;
    request.logId = accepted.request.logId;
    this.#enter(request);
    request.runs(options.service.infer(accepted.request, request, { deadlineMs }));
  }

  /** Gives a request its place among those that answer. Twice is once. */
  #enter(request: StreamRequest): void {
    if (!request.isDecoupled) {
      if (this.#turns.at(-1)?.request !== request) this.#turns.push({ request, answer: undefined });
    } else if (!this.#ownLanes.has(request)) {
      this.#ownLanes.set(request, this.#lanes.newLane());
    }
  }

  #takeTurn(outgoing: Outgoing): void {
    const turn = this.#turns.find(({ request }) => request === outgoing.request);
    if (turn !== undefined) turn.answer = outgoing;
    let ready = this.#turns[0]?.answer;
    while (ready !== undefined) {
      this.#orderedLane.push(ready);
      this.#turns.shift();
      ready = this.#turns[0]?.answer;
    }
  }

  #flush(): void {
    while (!this.#isOver && !this.#writer.isFull) {
      const outgoing = this.#lanes.take();
      if (outgoing === undefined) break;
      const { request, message, isLast, ending } = outgoing;
      if (message !== undefined) this.#writer.write(message);
      if (ending !== undefined) this.#endWith(ending);
      else if (isLast) this.#finish(request);
      else if (this.#writer.isFull) this.#uncredited.push(request);
      else request.credit();
    }
    this.#endIfIdle();
  }

  #goOn(): void {
    const uncredited = this.#uncredited;
    this.#uncredited = [];
    for (const request of uncredited) request.credit();
    this.#flush();
  }

  #finish(request: StreamRequest): void {
    this.#inFlight.delete(request);
    this.#ownLanes.delete(request);
    if (this.#inFlight.size < mostInFlight && this.#call.isPaused()) this.#call.resume();
  }

  #endIfIdle(): void {
    if (this.#isOver || this.#inFlight.size > 0) return;
    if (this.#isHalfClosed) this.#close(() => this.#writer.finish(() => this.#call.end()));
    else if (this.#isStopping) this.#endWith(shuttingDown());
  }

  #parseFailed(message: typeof unparsable): void {
    try {
      parsed(message);
    } catch (reason) {
      this.#endWith(InferenceError.from(reason));
    }
  }

  /** The whole stream; its other requests are taken back. */
  #endWith(error: InferenceError): void {
    if (this.#isOver) return;
    const end = (): boolean => this.#call.emit("error", statusOf(error));
    this.#close(() => this.#writer.finish(end));
  }

  /** The client has gone, or its time is over. */
  #leave(): void {
    this.#writer.close();
    if (!this.#isOver) this.#close(() => {});
  }

  #giveUp(): void {
    this.#close(() => cutOff(this.#call, this.#options.options));
  }

  #close(end: () => void): void {
    this.#isOver = true;
    this.#options.open.delete(this);
    this.#lanes.clear();
    for (const request of this.#inFlight) request.cancel();
    this.#inFlight.clear();
    this.#ownLanes.clear();
    this.#turns.length = 0;
    this.#uncredited = [];
    end();
  }
}
