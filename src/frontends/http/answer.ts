/**
 * Answer: how the responses to one request leave over HTTP.
 *
 * There are two: all in one piece (whole-answer.ts), and one after another (stream-answer.ts).
 * Whose they are, and what becomes of the request otherwise: infer-exchange.ts.
 */
import type { ServerResponse } from "node:http";
import type { InferenceError } from "../../protocol/errors.ts";
import type { InferResponse } from "../../protocol/infer.ts";
import type { OutputForms } from "../../protocol/requested-outputs.ts";
import type { RequestHead } from "./request-head.ts";
import type { HeaderList } from "./responses.ts";

export interface Answer {
  /** A response without outputs, of a streaming model, only says that it is the last. */
  respond(response: InferResponse, isFinal: boolean): void;
  /** Ends the request. False: nothing has left yet, and the caller is to be told as usual. */
  fail(error: InferenceError): boolean;
  /** Its head has been sent: sends what every reader skips, if there is such a thing. */
  probe(): void;
  /** The caller has gone: nothing more is to leave. */
  drop(): void;
}

/** The exchange, as an answer sees it. */
export interface AnswerOwner {
  readonly response: ServerResponse;
  readonly head: RequestHead;
  /** On every answer. */
  readonly headers: HeaderList;
  /** As `headers`, and what names the request. */
  readonly errorHeaders: HeaderList;
  /** Of the caller; empty: none. */
  readonly requestId: string;
  /** Streaming: 0 to many responses. */
  readonly isDecoupled: boolean;
  /** Asked for. */
  readonly forms: OutputForms;
  /** The core has taken the request: from now on an error is a response. */
  readonly isAccepted: boolean;
  nowMs(): number;
  wakeAt(atMs: number, wake: () => void): () => void;
  /** So many responses have left. */
  credit(responseCount: number): void;
  /** An error, or a bug of ours: nothing has left yet, and the model is not waited for. */
  giveUp(reason: unknown): void;
  /** A bug of ours: for the log alone. */
  noteBug(reason: unknown): void;
  /** The caller takes nothing. */
  cutOff(): void;
  /** All has left. */
  end(status: number, what: string): void;
}
