/**
 * Infer exchange: one inference over HTTP, from the head of its request to the end of its answer.
 *
 *   look up ──> body ──> decompress ──> decode ──> core ──> answer
 *
 * The same for every route that infers. They differ in how the body is read (request-forms.ts) and
 * in how responses leave: in one piece (whole-answer.ts) or one after another (stream-answer.ts).
 *
 * The first error wins, in the protocol's order: model, encoding, body, then what the decoder and
 * the core say. Whatever comes after the answer, or after the caller has gone, is not heard.
 *
 * Not here: routes and methods (http-handler.ts), what is valid (protocol, core).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ByteBudget } from "../../core/byte-budget.ts";
import type { Clock } from "../../core/clock.ts";
import type { InferenceService, ModelView } from "../../core/inference-service.ts";
import type { Log, LogFields } from "../../core/log.ts";
import type { PendingRequest, ResponseSink } from "../../core/scheduler.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { GenerateEncoder } from "../../protocol/generate-response.ts";
import type { AskedVersion, InferRequest, InferResponse } from "../../protocol/infer.ts";
import type { DecodedRequest } from "../../protocol/infer-request-json.ts";
import { EncodeSteps } from "../../protocol/infer-response-json.ts";
import { allAsJson, type OutputForms } from "../../protocol/requested-outputs.ts";
import type { Steps } from "../../protocol/steps.ts";
import { withHeaders } from "../forwarded-headers.ts";
import { isModelFailure } from "../refusals.ts";
import type { Answer, AnswerOwner } from "./answer.ts";
import { type Connection, connectionOf, type OpenRequest } from "./connection.ts";
import { decompress } from "./content-encoding.ts";
import { BodyError, type ReceivedBody, receiveBody, refuseBody } from "./request-body.ts";
import { generation, inference, inferenceAsText, type RequestForm } from "./request-forms.ts";
import { type RequestHead, timeoutHeader } from "./request-head.ts";
import { type HeaderList, sendError, statusOf, toHeaderText } from "./responses.ts";
import { runInSlices } from "./slices.ts";
import { type ResponseEncoder, StreamAnswer } from "./stream-answer.ts";
import { acceptedFormat, serverSentEvents } from "./stream-format.ts";
import { WholeAnswer } from "./whole-answer.ts";

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
  /** Longest time in which the reader of a stream may take nothing; 0: it is waited for. */
  readonly stallTimeoutSecs: number;
  /** Headers whose names it matches become parameters of requests; undefined: none. */
  readonly forwardPattern: RegExp | undefined;
}

export type InferRoute = "infer" | "generate" | "generate stream";

export interface InferTarget {
  readonly route: InferRoute;
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

export class InferExchange implements ResponseSink, OpenRequest, AnswerOwner {
  readonly response: ServerResponse;
  place = 0;
  isDecoupled = false;
  isAccepted = false;
  forms: OutputForms = allAsJson.forms;
  requestId = "";
  readonly #request: IncomingMessage;
  readonly #options: InferOptions;
  readonly #target: InferTarget;
  readonly #connection: Connection;
  readonly #startMs: number;
  #deadlineMs: number = Number.POSITIVE_INFINITY;
  #form: RequestForm = inference;
  #answer: Answer | undefined = undefined;
  #pending: PendingRequest | undefined = undefined;
  /** Responses that left before the request was there to be told. */
  #earlyCredit = 0;
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

  get head(): RequestHead {
    return this.#target.head;
  }

  get headers(): HeaderList {
    return this.#target.headers;
  }

  get errorHeaders(): HeaderList {
    const { head, headers } = this.#target;
    return ["X-Request-Id", head.requestId ?? toHeaderText(this.#logId), ...headers];
  }

  start(): void {
    const { service } = this.#options;
    const { modelName, modelVersion, head } = this.#target;
    this.#connection.add(this);
    try {
      const view = service.lookUp(modelName, modelVersion);
      this.#chooseAnswer(view);
      if (this.#connection.openCount > maxOpenPerConnection) throw tooManyOpen();
      const encoding = this.#form.encodingOf(head);
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
      this.giveUp(reason);
    }
  }

  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  wakeAt(atMs: number, wake: () => void): () => void {
    return this.#options.clock.wakeAt(atMs, wake);
  }

  /** The caller has gone. */
  cancel(): void {
    this.#cancel("the caller has gone");
  }

  /** An interim response, which HTTP/1.0 does not have; or what an answer that has begun allows. */
  probe(): void {
    const { headersSent, req } = this.response;
    if (headersSent) this.#answer?.probe();
    else if (req.httpVersion !== "1.0") this.response.writeContinue();
  }

  respond(response: InferResponse, isFinal: boolean): void {
    if (!this.#isOver) this.#answer?.respond(response, isFinal);
  }

  fail(error: InferenceError): void {
    if (this.#isOver) return;
    if (isModelFailure(error)) this.noteBug(error.cause, error.message);
    if (!this.#answer?.fail(error)) this.#refuse(error);
  }

  credit(responseCount: number): void {
    if (this.#pending === undefined) this.#earlyCredit += responseCount;
    else this.#pending.credit(responseCount);
  }

  giveUp(reason: unknown): void {
    if (this.#isOver) return;
    const pending = this.#pending;
    if (!(reason instanceof InferenceError)) this.noteBug(reason);
    this.#refuse(InferenceError.from(reason));
    pending?.cancel();
  }

  noteBug(error: unknown, what = "a request failed"): void {
    this.#options.log.error(what, { ...this.#logFields(), error });
  }

  cutOff(): void {
    const { log, stallTimeoutSecs } = this.#options;
    const what = `the reader of a stream took nothing for ${stallTimeoutSecs} s: it is cut off`;
    log.warning(what, this.#logFields());
    this.#cancel(what);
    this.response.destroy();
  }

  end(status: number, what: string): void {
    this.#end();
    this.#log(status, what);
  }

  #chooseAnswer({ config }: ModelView): void {
    const { route, head } = this.#target;
    const { isDecoupled } = config;
    const { stallTimeoutSecs } = this.#options;
    const stallTimeoutMs =
      stallTimeoutSecs === 0 ? Number.POSITIVE_INFINITY : 1000 * stallTimeoutSecs;
    this.isDecoupled = isDecoupled;
    if (route !== "infer") {
      this.#form = generation;
      const encoder = new GenerateEncoder();
      const format = serverSentEvents;
      this.#answer =
        route === "generate"
          ? new WholeAnswer(this, { isGenerated: true })
          : new StreamAnswer(this, { format, encoder, namesErrors: false, stallTimeoutMs });
      return;
    }
    const format = acceptedFormat(head.accept, !isDecoupled);
    if (format !== undefined) {
      this.#form = inferenceAsText;
      const encoder = inferenceEncoder;
      this.#answer = new StreamAnswer(this, { format, encoder, namesErrors: true, stallTimeoutMs });
    } else if (isDecoupled) throw decoupled();
    else this.#answer = new WholeAnswer(this, { isGenerated: false });
  }

  #cancel(why: string): void {
    if (this.#isOver) return;
    const pending = this.#pending;
    this.#end();
    pending?.cancel();
    this.#log("cancelled", why);
  }

  /** The caller is told, and nothing else has left. */
  #refuse(error: InferenceError): void {
    const { clock } = this.#options;
    const headers = this.errorHeaders;
    this.#end();
    if (error instanceof BodyError) {
      refuseBody(this.#request, this.response, error, { clock, headers });
    } else sendError(this.response, error, headers);
    this.#log(statusOf(error), error.message);
  }

  #decompress(view: ModelView, { chunks }: ReceivedBody, encoding: "gzip" | "deflate"): void {
    decompress(encoding, chunks, this.#options.maxInputBytes)
      .then((whole) => this.#decode(view, { chunks: [whole], byteLength: whole.byteLength }))
      .catch((reason: unknown) => this.giveUp(reason));
  }

  #decode({ config: model }: ModelView, { chunks, byteLength }: ReceivedBody): void {
    if (this.#isOver) return;
    const { maxInputBytes } = this.#options;
    const { modelName, modelVersion, requestId, head } = this.#target;
    const body = { modelName, modelVersion, requestId, chunks, byteLength, maxInputBytes, model };
    try {
      const steps = this.#form.decode(body, head);
      const decoded = steps.step();
      if (decoded === undefined) this.#decodeInSlices(steps);
      else this.#infer(decoded);
    } catch (reason) {
      this.giveUp(reason);
    }
  }

  #decodeInSlices(steps: Steps<DecodedRequest>): void {
    const done = (decoded: DecodedRequest): void => this.#infer(decoded);
    runInSlices(steps, done, (reason) => this.giveUp(reason));
  }

  #infer({ request: decoded, forms }: DecodedRequest): void {
    if (this.#isOver) return;
    this.#releaseBody();
    this.forms = forms;
    this.requestId = decoded.id;
    this.#logId = decoded.logId;
    const request = this.#withForwarded(decoded);
    if (request === undefined) return;
    const pending = this.#options.service.infer(request, this, { deadlineMs: this.#deadlineMs });
    this.isAccepted = true;
    if (this.#isOver) pending.cancel();
    else this.#pending = pending;
    if (this.#earlyCredit > 0) pending.credit(this.#earlyCredit);
  }

  /** Of inference alone, as in Triton. Undefined: it has been refused. */
  #withForwarded(request: InferRequest): InferRequest | undefined {
    const { forwardPattern } = this.#options;
    if (forwardPattern === undefined || this.#target.route !== "infer") return request;
    try {
      return withHeaders(request, this.#request.rawHeaders, forwardPattern);
    } catch (reason) {
      this.giveUp(reason);
      return undefined;
    }
  }

  /** Node may keep what hears its events until the next request: tensors shall not wait for that. */
  #end(): void {
    this.#isOver = true;
    this.#pending = undefined;
    this.#answer?.drop();
    this.#answer = undefined;
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

  #logFields(): LogFields {
    return { model: this.#target.modelName, requestId: this.#logId };
  }
}

const inferenceEncoder: ResponseEncoder = {
  begin: (response, writer) => new EncodeSteps(response, allAsJson.forms, writer),
};

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
