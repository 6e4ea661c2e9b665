/**
 * Request scope: what unary and streamed inference have in common: from a message to a request of
 * the core, with everything that is checked on the way, and the lines about it in the log.
 *
 * The first error wins, in the protocol's order: does the server take requests, the version's
 * text, the model, is it one for this call, and then what the translation says.
 */
import type { Metadata } from "@grpc/grpc-js";
import type { ModelView } from "../../core/inference-service.ts";
import type { LogFields } from "../../core/log.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { inference } from "../../protocol/generated/messages.js";
import type { ForwardedHeaders } from "../../protocol/infer.ts";
import { type DecodedMessage, decodeInferMessage } from "../../protocol/infer-request-message.ts";
import { parseModelVersion } from "../../protocol/model-version.ts";
import { forwardedHeaders } from "../forwarded-headers.ts";
import { isExiting, isModelFailure } from "../refusals.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { type Parsed, parsed } from "./grpc-status.ts";

export type InferMessage = inference.ModelInferRequest;

export interface AcceptedMessage extends DecodedMessage {
  readonly view: ModelView;
}

export class RequestScope {
  readonly #options: GrpcOptions;
  readonly #idPrefix: string;
  #requestCount = 0;

  /** `idPrefix`: of the ids under which the log knows requests that bring none. */
  constructor(options: GrpcOptions, idPrefix: string) {
    this.#options = options;
    this.#idPrefix = idPrefix;
  }

  /** Throws an InferenceError. */
  accept(
    given: Parsed<InferMessage>,
    metadata: Metadata,
    check: (view: ModelView) => void,
  ): AcceptedMessage {
    const { service, forwardPattern } = this.#options;
    const message = parsed(given);
    if (isExiting(service.state)) throw shuttingDown();
    const modelVersion = parseModelVersion(message.modelVersion);
    const view = service.lookUp(message.modelName, modelVersion);
    check(view);
    this.#requestCount += 1;
    const decoded = decodeInferMessage({
      message,
      modelVersion,
      requestId: `${this.#idPrefix}-${this.#requestCount}`,
      forwarded: forwardPattern && (() => forwarded(metadata, forwardPattern)),
    });
    return { ...decoded, view };
  }

  nowMs(): number {
    return this.#options.clock.nowMs();
  }

  /** A line for a request that has ended, if such are wanted. */
  logEnd(end: string, what: string, { startMs, fields }: EndedRequest): void {
    const { logsRequests, log } = this.#options;
    if (!logsRequests) return;
    log.verbose(`${end} in ${(this.nowMs() - startMs).toFixed(3)} ms: ${what}`, fields);
  }

  logFailure(error: InferenceError, ended: EndedRequest): void {
    const { log } = this.#options;
    if (isModelFailure(error)) {
      log.error(error.message, { ...ended.fields, error: error.cause });
    }
    this.logEnd(error.code, error.message, ended);
  }

  /** An error, or a bug of ours, which the log has. */
  toError(reason: unknown, fields: LogFields): InferenceError {
    if (!(reason instanceof InferenceError)) {
      this.#options.log.error("a request failed", { ...fields, error: reason });
    }
    return InferenceError.from(reason);
  }
}

export interface EndedRequest {
  readonly startMs: number;
  readonly fields: LogFields;
}

export function shuttingDown(): InferenceError {
  const why = "GRPC server is shutting down and has stopped accepting new requests.";
  return new InferenceError("UNAVAILABLE", why, { retryAfterS: 1 });
}

function forwarded(metadata: Metadata, pattern: RegExp): ForwardedHeaders {
  const pairs = Object.entries(metadata.getMap());
  return forwardedHeaders(
    pairs.flatMap(([key, value]) => (typeof value === "string" ? [[key, value] as const] : [])),
    pattern,
  );
}
