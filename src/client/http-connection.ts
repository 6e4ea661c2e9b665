/**
 * The protocol over HTTP: a route for each operation.
 *
 * Not here: how bytes are sent (transport.ts), what is in them (infer-body.ts, infer-answer.ts).
 */
import type { RequestTiming } from "../protocol/infer.ts";
import { badAnswer, ClientError, invalid } from "./client-error.ts";
import {
  type Connection,
  isHealth,
  type JsonObject,
  type ModelMetadata,
  type ModelTarget,
  type Question,
  type Sent,
  type WireAnswer,
  type WireRequest,
} from "./connection.ts";
import { eventsOf, linesOf } from "./event-lines.ts";
import { writeExactJson } from "./exact-json.ts";
import { generateBody, generatedAnswer, isGenerable } from "./generate-stream.ts";
import { httpError, strangeAnswer } from "./http-errors.ts";
import { isFields, parseAnswer, readInferAnswer, toWireAnswer } from "./infer-answer.ts";
import { inferBody, type TensorFormat } from "./infer-body.ts";
import type { HttpAnswer, HttpRequest, HttpTransport } from "./transport.ts";

export interface HttpConnectionOptions {
  readonly transport: HttpTransport;
  readonly format: TensorFormat;
  readonly compression: Compression;
  readonly maxResponseBytes: number;
}

/** `none` sends no word of it. */
export interface Compression {
  readonly request: "none" | "gzip" | "deflate";
  readonly response: "none" | "gzip" | "deflate";
}

const jsonLength = "inference-header-content-length";

const encoder = new TextEncoder();
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
      ...(encoding !== "none" && { "content-encoding": encoding }),
      ...(accepted !== "none" && { "accept-encoding": accepted }),
    };
    const body = encoding === "none" ? chunks : [await compressed(chunks, encoding)];
    const answer = await this.#send(pathTo("/models/*/infer", request), sent, body, headers);
    const timing = timingOf(answer.header("server-timing"));
    return { ...(await readWhole(answer, request)), timing };
  }

  async *stream(request: WireRequest, sent: Sent): AsyncGenerator<WireAnswer, void, undefined> {
    const headers = { accept: "text/event-stream, application/x-ndjson;q=0.9" };
    const { chunks } = inferBody(request, "json");
    let answer: HttpAnswer;
    try {
      answer = await this.#send(pathTo("/models/*/infer", request), sent, chunks, headers);
    } catch (error) {
      if (statusOf(error) !== 501 || !isGenerable(request)) throw error;
      yield* this.#generate(request, sent, error);
      return;
    }
    if (typeOf(answer).startsWith("application/json")) {
      // A server without streams over HTTP, and a model that answers once.
      yield await readWhole(answer, request);
      return;
    }
    for await (const document of this.#streamed(answer)) yield toWireAnswer(document);
  }

  /** Of a server whose /infer does not stream. */
  async *#generate(
    request: WireRequest,
    sent: Sent,
    refusal: unknown,
  ): AsyncGenerator<WireAnswer, void, undefined> {
    const { name, version } = request;
    const metadata = (await this.ask({ route: "/models/*", name, version }, sent)) as ModelMetadata;
    const path = pathTo("/models/*/generate_stream", request);
    const body = encoded(generateBody(request, metadata));
    const answer = await this.#send(path, sent, body).catch((error: unknown) => {
      throw statusOf(error) === 404 ? refusal : error;
    });
    for await (const document of this.#streamed(answer)) {
      yield generatedAnswer(document, request, metadata);
    }
  }

  /** Responses, one after another. */
  async *#streamed(answer: HttpAnswer): AsyncGenerator<JsonObject, void, undefined> {
    const type = typeOf(answer);
    const isLines = type.startsWith("application/x-ndjson");
    if (!isLines && !type.startsWith("text/event-stream")) {
      throw strangeAnswer(answer, await textOf(answer));
    }
    const texts = (isLines ? linesOf : eventsOf)(answer.chunks(), this.#options.maxResponseBytes);
    for await (const text of texts) {
      if (text !== "") yield parseStreamed(text);
    }
  }

  async ask(question: Question, sent: Sent): Promise<unknown> {
    const { route, body } = question;
    try {
      const answer = await this.#send(pathTo(route, question), sent, body && encoded(body));
      const text = await textOf(answer);
      if (isHealth(route) || text === "") return isHealth(route);
      if (typeOf(answer).includes("html")) throw strangeAnswer(answer, text);
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
  if (length === undefined && typeOf(answer).includes("octet")) {
    const how = "for pages, 'Access-Control-Expose-Headers' must name it";
    throw badAnswer(`the answer's header ${jsonLength} is missing (${how})`);
  }
  if (length !== undefined && !/^\d{1,15}$/.test(length)) {
    throw badAnswer(`the answer's header ${jsonLength} is no number: ${length}`);
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

function encoded(document: object): readonly Uint8Array[] {
  return [encoder.encode(writeExactJson(document))];
}

function statusOf(error: unknown): number | undefined {
  return error instanceof ClientError ? error.status : undefined;
}

function pathTo(route: string, { name = "", version }: Partial<ModelTarget>): string {
  const part = version === undefined ? "" : `/versions/${version}`;
  return `/v2${route.replace("*", () => segmentOf(name) + part)}`;
}

/** Throws a ClientError for what no path can hold: halves of characters, and what leads elsewhere. */
export function segmentOf(name: string): string {
  try {
    if (!/^\.{0,2}$/.test(name)) return encodeURIComponent(name);
  } catch {}
  throw invalid(`invalid name '${name}'`);
}

function isNotReady({ status, code }: ClientError): boolean {
  // A missing right is a failure, and so is no answer at all.
  return status !== undefined && !/PERMISSION|UNAUTH/.test(code);
}

/** A response of a stream, or the error that stands in its place. */
function parseStreamed(text: string): JsonObject {
  const document = parseAnswer(text);
  if (!isFields(document)) throw badAnswer("a response of the stream is no JSON object");
  const { error } = document;
  if (typeof error === "string") throw new ClientError("server", error, { status: 200 });
  return document;
}

const parts: Readonly<Record<string, keyof RequestTiming>> = {
  queue: "queueMs",
  batch: "batchMs",
  compute: "computeMs",
  encode: "outputMs",
};

/** `queue;dur=0.1, batch;dur=0, compute;dur=2.5` */
export function timingOf(header: string | undefined): Partial<RequestTiming> | undefined {
  if (header === undefined) return undefined;
  const timing: Record<string, number> = {};
  const known = /(?<!-)\b(queue|batch|compute|encode)\s*;\s*dur=([\d.]+)/g;
  for (const [, name = "", length] of header.matchAll(known)) {
    timing[parts[name] ?? name] = Number(length);
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
