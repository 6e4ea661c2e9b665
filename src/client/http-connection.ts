/**
 * The protocol over HTTP: a route for each operation.
 *
 * Not here: how bytes are sent (transport.ts), what is in them (infer-body.ts, infer-answer.ts).
 */
import type { RequestTiming } from "../protocol/infer.ts";
import { badAnswer, ClientError, statusOf } from "./client-error.ts";
import {
  type Connection,
  isHealth,
  type JsonObject,
  type Question,
  type Sent,
  type WireAnswer,
  type WireRequest,
} from "./connection.ts";
import { documentsOf } from "./event-lines.ts";
import type { generateStream } from "./generate-stream.ts";
import { httpError, strangeAnswer } from "./http-errors.ts";
import { encoded, pathTo } from "./http-messages.ts";
import { fieldsOf, parseAnswer, readInferAnswer, toWireAnswer } from "./infer-answer.ts";
import { inferBody, type TensorFormat } from "./infer-body.ts";
import type { HttpAnswer, HttpRequest, HttpTransport } from "./transport.ts";

export interface HttpConnectionOptions {
  readonly transport: HttpTransport;
  readonly format: TensorFormat;
  readonly compression: Compression;
  readonly maxResponseBytes: number;
  /** For servers whose /infer does not stream: generate-stream.ts. */
  readonly generate?: typeof generateStream | undefined;
}

/** What is undefined is not spoken of. */
export interface Compression {
  readonly request?: "gzip" | "deflate" | undefined;
  readonly response?: "gzip" | "deflate" | undefined;
}

const jsonLength = "inference-header-content-length";

const decoder = new TextDecoder();

export class HttpConnection implements Connection {
  readonly #options: HttpConnectionOptions;

  constructor(options: HttpConnectionOptions) {
    this.#options = options;
  }

  async infer(request: WireRequest, sent: Sent): Promise<WireAnswer> {
    const { format, compression } = this.#options;
    const { chunks, jsonBytes } = inferBody(request, format);
    const { request: encoding, response: accepted } = compression;
    const headers = {
      ...(jsonBytes !== undefined && {
        [jsonLength]: `${jsonBytes}`,
        "content-type": "application/octet-stream",
      }),
      ...(encoding && { "content-encoding": encoding }),
      ...(accepted && { "accept-encoding": accepted }),
    };
    const body = encoding ? [await compressed(chunks, encoding)] : chunks;
    const answer = await this.#send(pathTo("/models/*/infer", request), sent, body, headers);
    const timing = timingOf(answer.header("server-timing"));
    return { ...(await readWhole(answer, request)), timing };
  }

  async *stream(request: WireRequest, sent: Sent): AsyncGenerator<WireAnswer, void, undefined> {
    const headers = { accept: "text/event-stream, application/x-ndjson" };
    const { chunks } = inferBody(request, "json");
    let answer: HttpAnswer;
    try {
      answer = await this.#send(pathTo("/models/*/infer", request), sent, chunks, headers);
    } catch (error) {
      const { generate } = this.#options;
      if (statusOf(error) !== 501 || generate === undefined) throw error;
      yield* generate(this, request, sent, error);
      return;
    }
    if (typeOf(answer).startsWith("application/json")) {
      // A server without streams over HTTP, and a model that answers once.
      yield await readWhole(answer, request);
      return;
    }
    for await (const document of this.#streamed(answer)) yield toWireAnswer(document);
  }

  /** Of a stream, one after another. */
  async *responses(
    path: string,
    sent: Sent,
    body: HttpRequest["body"],
  ): AsyncGenerator<JsonObject, void, undefined> {
    yield* this.#streamed(await this.#send(path, sent, body));
  }

  async *#streamed(answer: HttpAnswer): AsyncGenerator<JsonObject, void, undefined> {
    if (!/^(text\/event-stream|application\/x-ndjson)/.test(typeOf(answer))) {
      throw strangeAnswer(answer, await textOf(answer));
    }
    for await (const text of documentsOf(answer.chunks(), this.#options.maxResponseBytes)) {
      yield parseStreamed(text);
    }
  }

  async ask(question: Question, sent: Sent): Promise<unknown> {
    const { route, body } = question;
    try {
      const answer = await this.#send(pathTo(route, question), sent, body && encoded(body));
      const text = await textOf(answer);
      if (isHealth(route) || text === "") return isHealth(route);
      return parseAnswer(text);
    } catch (error) {
      // It has answered: that it is not ready is the answer then, and no failure.
      if (isHealth(route) && error instanceof ClientError && isNotReady(error)) return false;
      throw error;
    }
  }

  close(): void {
    this.#options.transport.close();
  }

  /** Its answer, if that is a success. */
  async #send(
    path: string,
    sent: Sent,
    body?: HttpRequest["body"],
    headers?: HttpRequest["headers"],
  ): Promise<HttpAnswer> {
    const type = body && { "content-type": "application/json" };
    const all = { ...sent.headers, ...type, ...headers };
    const { signal } = sent;
    const answer = await this.#options.transport.send({ path, headers: all, body, signal });
    if (answer.status === 200) return answer;
    throw httpError(answer, await textOf(answer));
  }
}

async function readWhole(answer: HttpAnswer, { outputs }: WireRequest): Promise<WireAnswer> {
  const length = answer.header(jsonLength);
  const isBinary = typeOf(answer).includes("octet");
  if (length === undefined ? isBinary : !/^\d{1,15}$/.test(length)) {
    const what = length ?? "missing, or hidden from pages";
    throw badAnswer(`the answer's header ${jsonLength} is ${what}`);
  }
  const jsonBytes = length === undefined ? undefined : Number(length);
  return readInferAnswer(await answer.whole(jsonBytes), jsonBytes, outputs);
}

function typeOf(answer: HttpAnswer): string {
  return answer.header("content-type") ?? "";
}

async function textOf(answer: HttpAnswer): Promise<string> {
  return decoder.decode(await answer.whole());
}

function isNotReady({ status, code }: ClientError): boolean {
  // A missing right is a failure, and so is no answer at all.
  return status !== undefined && !/PERMISSION|UNAUTH/.test(code);
}

/** A response of a stream, or the error that stands in its place. */
function parseStreamed(text: string): JsonObject {
  const document = fieldsOf(parseAnswer(text));
  const { error } = document;
  if (typeof error === "string") throw new ClientError("server", error, { status: 200 });
  return document;
}

/** `queue;dur=0.1, batch;dur=0, compute;dur=2.5` */
export function timingOf(header: string | undefined): Partial<RequestTiming> | undefined {
  if (header === undefined) return undefined;
  const timing: Record<string, number> = {};
  const parts = /(?<![\w-])(queue|batch|compute|encode)\s*;\s*dur=([\d.]+)/g;
  for (const [, part, length] of header.matchAll(parts)) {
    timing[part === "encode" ? "outputMs" : `${part}Ms`] = Number(length);
  }
  return timing;
}

async function compressed(
  chunks: readonly Uint8Array[],
  encoding: "gzip" | "deflate",
): Promise<Uint8Array> {
  const stream = new Blob(chunks as Uint8Array<ArrayBuffer>[]).stream();
  const packed = stream.pipeThrough(new CompressionStream(encoding));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
