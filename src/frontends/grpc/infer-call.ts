/**
 * Infer call: one unary inference, from its message to its status.
 *
 * The call's deadline is the request's: what has not begun by then never runs. A client that leaves,
 * or whose deadline passes, takes its request back. Whatever comes after that is not heard.
 */
import { Metadata, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import type { ModelView } from "../../core/inference-service.ts";
import type { PendingRequest, ResponseSink } from "../../core/scheduler.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { InferResponse } from "../../protocol/infer.ts";
import { encodeInferResponse } from "../../protocol/infer-response-message.ts";
import { serverTiming } from "../server-timing.ts";
import { http2StreamOf } from "./grpc-internals.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { type Parsed, statusOf, unparsable } from "./grpc-status.ts";
import type { MessageCompression } from "./message-compression.ts";
import type { EndedRequest, InferMessage, RequestScope } from "./request-scope.ts";
import { cutOff, longestStallMs } from "./stall.ts";
import { WireMessage } from "./wire-message.ts";

export type UnaryInfer = ServerUnaryCall<Parsed<InferMessage>, WireMessage>;

export interface InferCallOptions {
  readonly options: GrpcOptions;
  readonly scope: RequestScope;
  readonly compression: MessageCompression;
  readonly deadlineMs: number;
}

/** Less is sent at once, unless a client is ill-meaning; and then it is not much. */
const safeBytes = 65_535;

export class InferCall implements ResponseSink {
  readonly #call: UnaryInfer;
  readonly #answer: sendUnaryData<WireMessage>;
  readonly #options: InferCallOptions;
  readonly #startMs: number;
  #pending: PendingRequest | undefined = undefined;
  #cancelWatch: (() => void) | undefined = undefined;
  #logId = "";
  #isOver = false;

  constructor(call: UnaryInfer, answer: sendUnaryData<WireMessage>, options: InferCallOptions) {
    this.#call = call;
    this.#answer = answer;
    this.#options = options;
    this.#startMs = options.scope.nowMs();
  }

  start(): void {
    const { request, metadata } = this.#call;
    const { scope, deadlineMs, options } = this.#options;
    // grpc-js tells of a client that left earlier to nobody.
    if (http2StreamOf(this.#call).destroyed) return;
    this.#call.on("cancelled", () => this.#cancel());
    try {
      const accepted = scope.accept(request, metadata, refuseDecoupled);
      this.#logId = accepted.request.logId;
      const pending = options.service.infer(accepted.request, this, { deadlineMs });
      if (!this.#isOver) this.#pending = pending;
    } catch (reason) {
      this.#failWith(reason);
    }
  }

  respond(response: InferResponse): void {
    if (this.#isOver) return;
    const { scope } = this.#options;
    try {
      const encodeStartMs = scope.nowMs();
      const message = new WireMessage(encodeInferResponse(response));
      const timing = serverTiming(response.timing, scope.nowMs() - encodeStartMs);
      this.#end();
      this.#send(message, timing);
      scope.logEnd("OK", timing, this.#ended());
    } catch (reason) {
      this.#failWith(reason);
    }
  }

  fail(error: InferenceError): void {
    if (this.#isOver) return;
    this.#end();
    this.#answer(statusOf(error), null);
    this.#options.scope.logFailure(error, this.#ended());
  }

  #send(message: WireMessage, timing: string): void {
    const { compression, options, scope } = this.#options;
    if (message.byteLength > safeBytes) {
      const stallMs = longestStallMs(message.byteLength, options.stallTimeoutMs);
      const cut = (): void => cutOff(this.#call, options);
      this.#cancelWatch = options.clock.wakeAt(scope.nowMs() + stallMs, cut);
    }
    const encoding = compression.begin(this.#call);
    if (encoding === "identity") this.#answer(null, message, trailer(timing));
    else {
      compression
        .compress(message, encoding)
        .then((compressed) => this.#answer(null, compressed, trailer(timing)))
        .catch((reason: unknown) => this.#answer(statusOf(InferenceError.from(reason)), null));
    }
  }

  /** grpc-js tells it also when the call has ended well. */
  #cancel(): void {
    this.#cancelWatch?.();
    if (this.#isOver) return;
    const pending = this.#pending;
    this.#end();
    pending?.cancel();
    this.#options.scope.logEnd("cancelled", "the caller has gone", this.#ended());
  }

  #failWith(reason: unknown): void {
    this.fail(this.#options.scope.toError(reason, this.#ended().fields));
  }

  #end(): void {
    this.#isOver = true;
    this.#pending = undefined;
  }

  #ended(): EndedRequest {
    const { request } = this.#call;
    const model = request === unparsable ? "" : request.modelName;
    return { startMs: this.#startMs, fields: { model, requestId: this.#logId } };
  }
}

function trailer(timing: string): Metadata {
  const metadata = new Metadata();
  metadata.set("server-timing", timing);
  return metadata;
}

function refuseDecoupled({ config }: ModelView): void {
  if (!config.isDecoupled) return;
  const why = "ModelInfer RPC doesn't support models with decoupled transaction policy";
  throw new InferenceError("UNIMPLEMENTED", why);
}
