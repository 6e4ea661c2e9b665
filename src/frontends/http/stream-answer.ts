/**
 * Stream answer: each response is an event, sent when it comes; its end is the end of the body.
 *
 * The status is that of the first response. If that is an error, it is told in an event all the
 * same, under its status; a later one is an event as well. A response that cannot be sent (BYTES
 * that are no UTF-8) is an error in its place, and others may follow. Large responses are encoded
 * in slices, and those behind them wait, in order.
 *
 * Not here: how events get onto the socket, and how fast (event-writer.ts).
 */
import { assert } from "../../assert.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { InferResponse, RequestTiming } from "../../protocol/infer.ts";
import type { EncodedResponse } from "../../protocol/infer-response-json.ts";
import { JsonWriter, toJson } from "../../protocol/json-writer.ts";
import { expectedJsonBytes } from "../../protocol/output-elements.ts";
import type { Steps } from "../../protocol/steps.ts";
import { startTiming } from "../server-timing.ts";
import type { Answer, AnswerOwner } from "./answer.ts";
import { EventWriter } from "./event-writer.ts";
import { type HeaderList, retryHeaders, statusOf } from "./responses.ts";
import { runInSlices } from "./slices.ts";
import type { StreamFormat } from "./stream-format.ts";

/** For the responses to one request. */
export interface ResponseEncoder {
  /** Behind what is in `writer`. Throws an InferenceError, and so may the steps. */
  begin(response: InferResponse, writer: JsonWriter): Steps<EncodedResponse>;
}

export interface StreamAnswerOptions {
  readonly format: StreamFormat;
  readonly encoder: ResponseEncoder;
  /** Errors have the id of the request in them. */
  readonly namesErrors: boolean;
  readonly stallTimeoutMs: number;
}

/** With fewer bytes of outputs, a response is encoded in one step. */
const smallBytes = 8192;

export class StreamAnswer implements Answer {
  readonly #owner: AnswerOwner;
  readonly #options: StreamAnswerOptions;
  readonly #events: EventWriter;
  /** Behind one that is being encoded. */
  #waiting: (InferResponse | InferenceError)[] = [];
  #isEncoding = false;
  #isGoingOn = false;
  #isLast = false;
  #isOver = false;
  /** Of the head; undefined: not sent yet. */
  #status: number | undefined = undefined;
  /** Of the response that came last. */
  #timing: RequestTiming | undefined = undefined;
  #eventCount = 0;

  constructor(owner: AnswerOwner, options: StreamAnswerOptions) {
    const { response } = owner;
    const { stallTimeoutMs } = options;
    this.#owner = owner;
    this.#options = options;
    this.#events = new EventWriter({
      response,
      stallTimeoutMs,
      nowMs: () => owner.nowMs(),
      wakeAt: (atMs, wake) => owner.wakeAt(atMs, wake),
      left: (eventCount) => owner.credit(eventCount),
      stalled: () => owner.cutOff(),
      ended: () => owner.end(this.#status ?? 200, `${this.#eventCount} responses`),
    });
  }

  respond(response: InferResponse, isFinal: boolean): void {
    const isMark = this.#owner.isDecoupled && isFinal && response.outputs.length === 0;
    this.#isLast = isFinal;
    this.#timing = response.timing;
    if (!isMark) this.#waiting.push(response);
    this.#goOn();
  }

  fail(error: InferenceError): boolean {
    const hasBegun = this.#status !== undefined || this.#isEncoding;
    if (!this.#owner.isAccepted && !hasBegun) return false;
    this.#isLast = true;
    this.#waiting.push(error);
    this.#goOn();
    return true;
  }

  probe(): void {
    this.#events.probe(this.#options.format.probe);
  }

  drop(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#events.drop();
  }

  #goOn(): void {
    if (this.#isGoingOn) return;
    this.#isGoingOn = true;
    while (!this.#isEncoding && this.#waiting.length > 0) this.#write(this.#waiting.shift());
    this.#isGoingOn = false;
    if (!this.#isLast || this.#isEncoding || this.#isOver) return;
    this.#begin(200, this.#owner.headers);
    this.#events.end();
  }

  #write(next: InferResponse | InferenceError | undefined): void {
    if (next === undefined) return;
    try {
      if (next instanceof InferenceError) this.#writeError(next);
      else if (bytesOf(next) > smallBytes) this.#writeLarge(next);
      else this.#writeSmall(next);
    } catch (reason) {
      this.#writeError(reason);
    }
  }

  #writeSmall(response: InferResponse): void {
    const { format, encoder } = this.#options;
    const { turn } = this.#events;
    const start = turn.length;
    try {
      turn.text(format.before);
      assert(encoder.begin(response, turn).step() !== undefined, "it is small");
      turn.text(format.after);
    } catch (reason) {
      turn.length = start;
      throw reason;
    }
    this.#begin(200, this.#owner.headers);
    this.#eventCount += 1;
    this.#events.added();
  }

  #writeLarge(response: InferResponse): void {
    const { format, encoder } = this.#options;
    const writer = new JsonWriter(expectedJsonBytes(response.outputs));
    writer.text(format.before);
    const steps = encoder.begin(response, writer);
    this.#isEncoding = true;
    const done = (): void => {
      writer.text(format.after);
      this.#encoded(() => this.#addEvent(writer.written, 200, this.#owner.headers));
    };
    runInSlices(steps, done, (reason) => this.#encoded(() => this.#writeError(reason)));
  }

  #encoded(write: () => void): void {
    if (this.#isOver) return;
    this.#isEncoding = false;
    write();
    this.#goOn();
  }

  /** What is none of ours is a bug: the caller hears of it, the log has the rest. */
  #writeError(reason: unknown): void {
    const { format, namesErrors } = this.#options;
    const { requestId, errorHeaders } = this.#owner;
    if (!(reason instanceof InferenceError)) this.#owner.noteBug(reason);
    const error = InferenceError.from(reason);
    const isNamed = namesErrors && requestId !== "";
    const json = toJson({ ...(isNamed && { id: requestId }), error: error.message });
    const event = Buffer.from(format.before + json + format.after);
    this.#addEvent(event, statusOf(error), [...retryHeaders(error), ...errorHeaders]);
  }

  #addEvent(event: Uint8Array, status: number, headers: HeaderList): void {
    this.#begin(status, headers);
    this.#eventCount += 1;
    this.#events.add(event);
  }

  /** The first one counts. */
  #begin(status: number, headers: HeaderList): void {
    if (this.#status !== undefined) return;
    this.#status = status;
    const timing = this.#timing === undefined ? [] : ["Server-Timing", startTiming(this.#timing)];
    this.#owner.response.writeHead(status, [
      "Content-Type",
      this.#options.format.contentType,
      "Cache-Control",
      "no-cache",
      // Proxies of nginx's kind would hold back what is to be read at once.
      "X-Accel-Buffering",
      "no",
      ...timing,
      ...headers,
    ]);
  }
}

function bytesOf({ outputs }: InferResponse): number {
  let bytes = 0;
  for (const { byteLength } of outputs) bytes += byteLength;
  return bytes;
}
