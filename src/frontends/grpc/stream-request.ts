/**
 * Stream request: one request of a stream, and the messages that answer it.
 *
 * Of a model that is not decoupled there is one answer, which waits for its turn. A streaming model
 * answers as it likes; that no more will come is told only if the request wants to know. An error
 * is always the last word.
 */
import type { PendingRequest, ResponseSink } from "../../core/scheduler.ts";
import type { InferenceError } from "../../protocol/errors.ts";
import type { InferResponse } from "../../protocol/infer.ts";
import {
  type AskedModel,
  encodeStreamEnd,
  encodeStreamError,
  encodeStreamResponse,
} from "../../protocol/infer-response-message.ts";
import type { EndedRequest } from "./request-scope.ts";
import { WireMessage } from "./wire-message.ts";

/** What a request needs of its stream. */
export interface RequestStream {
  /** The next message of a request; undefined: there is none, but it has ended. */
  answer(request: StreamRequest, message: WireMessage | undefined): void;
  /** An error of one that was accepted: whether it ends the whole stream. */
  endsWith(request: StreamRequest, error: InferenceError): boolean;
  /** An error, or a bug of ours. */
  toError(reason: unknown, request: StreamRequest): InferenceError;
  logEnd(request: StreamRequest, error: InferenceError | undefined): void;
}

export class StreamRequest implements ResponseSink {
  readonly asked: AskedModel;
  readonly startMs: number;
  isDecoupled = false;
  wantsEmptyFinal = false;
  logId = "";
  hasEnded = false;
  /** The scheduler has taken it: what goes wrong now is no refusal. */
  #isAccepted = false;
  readonly #stream: RequestStream;
  #pending: PendingRequest | undefined = undefined;
  /** Responses that left before there was somebody to tell. */
  #owedCredit = 0;

  constructor(stream: RequestStream, asked: AskedModel, startMs: number) {
    this.#stream = stream;
    this.asked = asked;
    this.startMs = startMs;
  }

  runs(pending: PendingRequest): void {
    if (this.hasEnded) {
      // It may have ended for us alone.
      pending.cancel();
      return;
    }
    this.#isAccepted = true;
    this.#pending = pending;
    if (this.#owedCredit > 0) pending.credit(this.#owedCredit);
  }

  respond(response: InferResponse, isFinal: boolean): void {
    if (this.hasEnded) return;
    let message: WireMessage | undefined;
    try {
      message = this.#message(response, isFinal);
    } catch (reason) {
      const pending = this.#pending;
      this.fail(this.#stream.toError(reason, this));
      pending?.cancel();
      return;
    }
    if (isFinal) this.#end(undefined);
    this.#stream.answer(this, message);
  }

  fail(error: InferenceError): void {
    if (this.hasEnded) return;
    const isAccepted = this.#isAccepted;
    this.#end(error);
    if (isAccepted && this.#stream.endsWith(this, error)) return;
    const { id } = this.asked;
    const asked = isAccepted ? this.asked : { id, modelName: "", modelVersion: "" };
    this.#stream.answer(this, new WireMessage(encodeStreamError(error.message, asked)));
  }

  /** Its stream is over: nothing is to be told any more. */
  cancel(): void {
    if (this.hasEnded) return;
    const pending = this.#pending;
    this.hasEnded = true;
    this.#pending = undefined;
    pending?.cancel();
  }

  /** One of its messages has left. */
  credit(): void {
    if (this.hasEnded || !this.isDecoupled) return;
    if (this.#pending === undefined) this.#owedCredit += 1;
    else this.#pending.credit(1);
  }

  ended(): EndedRequest {
    const { asked, logId, startMs } = this;
    return { startMs, fields: { model: asked.modelName, requestId: logId } };
  }

  #message(response: InferResponse, isFinal: boolean): WireMessage | undefined {
    const isEnd = this.isDecoupled && isFinal && response.outputs.length === 0;
    if (!isEnd) return new WireMessage(encodeStreamResponse(response, isFinal));
    return this.wantsEmptyFinal ? new WireMessage(encodeStreamEnd(this.asked)) : undefined;
  }

  #end(error: InferenceError | undefined): void {
    this.hasEnded = true;
    this.#pending = undefined;
    this.#stream.logEnd(this, error);
  }
}
