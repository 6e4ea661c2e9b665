/**
 * Infer exchange: one inference over HTTP, from the head of its request to the end of its answer.
 *
 *   look up ──> body ──> decompress ──> decode ──> core ──> encode ──> compress ──> send
 *
 * The first error wins, in the protocol's order: model, encoding, body, then what the decoder and
 * the core say. Whatever comes after the answer, or after the caller has gone, is not heard.
 *
 * Not here: routes and methods (http-handler.ts), what is valid (protocol, core), how the answer
 * is written (infer-answer.ts).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteBudget } from "../../core/byte-budget.ts";
import type { Clock } from "../../core/clock.ts";
import type { InferenceService, ModelView } from "../../core/inference-service.ts";
import type { Log, LogFields } from "../../core/log.ts";
import type { PendingRequest, ResponseSink } from "../../core/scheduler.ts";
import { parseHeaderLength } from "../../protocol/binary-body.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { AskedVersion, InferResponse } from "../../protocol/infer.ts";
import { type DecodedRequest, DecodeSteps } from "../../protocol/infer-request-json.ts";
import { type EncodedResponse, EncodeSteps } from "../../protocol/infer-response-json.ts";
import { decodeRawRequest } from "../../protocol/raw-request.ts";
import { allAsBinary, type OutputForms } from "../../protocol/requested-outputs.ts";
import { withHeaders } from "../forwarded-headers.ts";
import { isModelFailure } from "../refusals.ts";
import { type Connection, connectionOf, type OpenRequest } from "./connection.ts";
import { answerEncoding, bodyEncoding, decompress } from "./content-encoding.ts";
import { sendInferAnswer, serverTiming } from "./infer-answer.ts";
import { BodyError, type ReceivedBody, receiveBody, refuseBody } from "./request-body.ts";
import { type RequestHead, timeoutHeader } from "./request-head.ts";
import { type HeaderList, sendError, statusOf, toHeaderText } from "./responses.ts";
import { runInSlices } from "./slices.ts";

export interface InferOptions {
  readonly service: InferenceService;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxBodyBytes: number;
  readonly maxInputBytes: number;
  /** For bodies of which nothing has been handed to the core yet. */
  readonly receivedBytes: ByteBudget;
  /** A line for each request. */
  readonly logsRequests: boolean;
  /** Headers whose names it matches become parameters of requests; undefined: none. */
  readonly forwardPattern: RegExp | undefined;
}

export interface InferTarget {
  readonly modelName: string;
  readonly modelVersion: AskedVersion;
  /** Under which the log knows this request, unless its body names it. */
  readonly requestId: string;
  readonly head: RequestHead;
  /** On every answer. */
  readonly headers: HeaderList;
}

/** More of them on one connection are refused. */
const maxOpenPerConnection = 1000;

export class InferExchange implements ResponseSink, OpenRequest {
  readonly response: ServerResponse;
  place = 0;
  readonly #request: IncomingMessage;
  readonly #options: InferOptions;
  readonly #target: InferTarget;
  readonly #connection: Connection;
  readonly #startMs: number;
  #deadlineMs: number = Number.POSITIVE_INFINITY;
  #forms: OutputForms = allAsBinary.forms;
  #pending: PendingRequest | undefined = undefined;
  #letGoOfBody: (() => void) | undefined = undefined;
  #logId: string;
  #isOver = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    options: InferOptions,
    target: InferTarget,
  ) {
    this.#request = request;
    this.response = response;
    this.#options = options;
    this.#target = target;
    this.#logId = target.requestId;
    this.#connection = connectionOf(request, options.clock);
    this.#startMs = options.clock.nowMs();
  }

  start(): void {
    const { service } = this.#options;
    const { modelName, modelVersion, head } = this.#target;
    this.#connection.add(this);
    try {
      const view = service.lookUp(modelName, modelVersion);
      if (view.config.isDecoupled) throw decoupled();
      if (this.#connection.openCount > maxOpenPerConnection) throw tooManyOpen();
      const encoding = bodyEncoding(head.contentEncoding);
      this.#deadlineMs = this.#startMs + timeoutOf(head.timeoutMs);
      const { maxBodyBytes, receivedBytes } = this.#options;
      const plan = { maxBodyBytes, announced: head.contentLength, receivedBytes };
      const letGo = receiveBody(this.#request, plan, (outcome) => {
        if (outcome instanceof BodyError) this.fail(outcome);
        else if (encoding === "identity") this.#decode(view, outcome);
        else this.#decompress(view, outcome, encoding);
      });
      if (!this.#isOver) this.#letGoOfBody = letGo;
    } catch (reason) {
      this.#failWith(reason);
    }
  }

  /** The caller has gone. */
  cancel(): void {
    if (this.#isOver) return;
    const pending = this.#pending;
    this.#end();
    pending?.cancel();
    this.#log("cancelled", "the caller has gone");
  }

  respond(response: InferResponse): void {
    if (this.#isOver) return;
    const encodeStartMs = this.#options.clock.nowMs();
    try {
      const steps = new EncodeSteps(response, this.#forms);
      const encoded = steps.step();
      if (encoded === undefined) this.#encodeInSlices(steps, response, encodeStartMs);
      else this.#send(encoded, response, encodeStartMs);
    } catch (reason) {
      this.#failWith(reason);
    }
  }

  fail(error: InferenceError): void {
    if (this.#isOver) return;
    this.#end();
    const { clock } = this.#options;
    const { head } = this.#target;
    const id = head.requestId ?? toHeaderText(this.#logId);
    const headers = ["X-Request-Id", id, ...this.#target.headers];
    if (error instanceof BodyError) {
      refuseBody(this.#request, this.response, error, { clock, headers });
    } else sendError(this.response, error, headers);
    if (isModelFailure(error)) this.#logError(error.message, error.cause);
    this.#log(statusOf(error), error.message);
  }

  #decompress(view: ModelView, { chunks }: ReceivedBody, encoding: "gzip" | "deflate"): void {
    decompress(encoding, chunks, this.#options.maxInputBytes)
      .then((whole) => this.#decode(view, { chunks: [whole], byteLength: whole.byteLength }))
      .catch((reason: unknown) => this.#failWith(reason));
  }

  #decode(view: ModelView, { chunks, byteLength }: ReceivedBody): void {
    if (this.#isOver) return;
    const { maxInputBytes } = this.#options;
    const { modelName, modelVersion, requestId, head } = this.#target;
    const body = { modelName, modelVersion, requestId, chunks, byteLength, maxInputBytes };
    try {
      const headerLength =
        head.headerLength === undefined
          ? byteLength
          : parseHeaderLength(head.headerLength, byteLength);
      if (headerLength === 0) {
        const request = decodeRawRequest({ ...body, model: view.config });
        this.#infer({ request, forms: allAsBinary.forms });
        return;
      }
      const steps = new DecodeSteps(body, headerLength);
      const decoded = steps.step();
      if (decoded === undefined) this.#decodeInSlices(steps);
      else this.#infer(decoded);
    } catch (reason) {
      this.#failWith(reason);
    }
  }

  #decodeInSlices(steps: DecodeSteps): void {
    const done = (decoded: DecodedRequest): void => this.#infer(decoded);
    runInSlices(steps, done, (reason) => this.#failWith(reason));
  }

  #infer({ request: decoded, forms }: DecodedRequest): void {
    if (this.#isOver) return;
    this.#releaseBody();
    this.#forms = forms;
    this.#logId = decoded.logId;
    const { service, forwardPattern } = this.#options;
    const { rawHeaders } = this.#request;
    const request =
      forwardPattern === undefined ? decoded : withHeaders(decoded, rawHeaders, forwardPattern);
    const pending = service.infer(request, this, { deadlineMs: this.#deadlineMs });
    if (!this.#isOver) this.#pending = pending;
  }

  #encodeInSlices(steps: EncodeSteps, response: InferResponse, encodeStartMs: number): void {
    const done = (encoded: EncodedResponse): void => this.#send(encoded, response, encodeStartMs);
    runInSlices(steps, done, (reason) => this.#failWith(reason));
  }

  #send(encoded: EncodedResponse, response: InferResponse, encodeStartMs: number): void {
    if (this.#isOver) return;
    const encodeMs = this.#options.clock.nowMs() - encodeStartMs;
    const encoding = answerEncoding(this.#target.head.acceptEncoding);
    const timing = serverTiming(response.timing, encodeMs);
    this.#end();
    sendInferAnswer(this.response, encoded, { encoding, timing, headers: this.#target.headers });
    this.#log(200, timing);
  }

  /** An error, or a bug of ours: the caller hears of it, the log has the rest. */
  #failWith(reason: unknown): void {
    if (!(reason instanceof InferenceError)) this.#logError("a request failed", reason);
    this.fail(InferenceError.from(reason));
  }

  /** Node may keep what hears its events until the next request: tensors shall not wait for that. */
  #end(): void {
    this.#isOver = true;
    this.#pending = undefined;
    this.#releaseBody();
    this.#connection.delete(this);
  }

  /** Its bytes are the core's from now on, or nobody's. */
  #releaseBody(): void {
    this.#letGoOfBody?.();
    this.#letGoOfBody = undefined;
  }

  #log(end: number | "cancelled", what: string): void {
    const { logsRequests, log, clock } = this.#options;
    if (!logsRequests) return;
    const tookMs = (clock.nowMs() - this.#startMs).toFixed(3);
    log.verbose(`${end} in ${tookMs} ms: ${what}`, this.#logFields());
  }

  #logError(what: string, error: unknown): void {
    this.#options.log.error(what, { ...this.#logFields(), error });
  }

  #logFields(): LogFields {
    return { model: this.#target.modelName, requestId: this.#logId };
  }
}

/** Infinity: none given. */
function timeoutOf(header: string | undefined): number {
  if (header === undefined) return Number.POSITIVE_INFINITY;
  const timeoutMs = Number(header);
  if (timeoutMs > 0) return timeoutMs;
  const why = `header ${timeoutHeader} must be a number of milliseconds above 0, got: ${header}`;
  throw new InferenceError("INVALID_ARGUMENT", why);
}

function decoupled(): InferenceError {
  const why = "HTTP end point doesn't support models with decoupled transaction policy";
  return new InferenceError("UNIMPLEMENTED", why);
}

function tooManyOpen(): InferenceError {
  const why = `more than ${maxOpenPerConnection} requests on one connection wait for an answer`;
  return new InferenceError("UNAVAILABLE", why, { retryAfterS: 1 });
}
