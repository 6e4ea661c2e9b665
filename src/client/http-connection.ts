/**
 * The protocol over HTTP: a route for each operation.
 *
 * Not here: how bytes are sent (transport.ts), what is in them (infer-body.ts, infer-answer.ts).
 */
import type { RequestTiming } from "../protocol/infer.ts";
import { badAnswer, ClientError, invalid } from "./client-error.ts";
import type {
  Connection,
  JsonObject,
  ModelMetadata,
  ModelTarget,
  Question,
  Sent,
  WireAnswer,
  WireRequest,
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
    const headers: Record<string, string> = {
      ...sent.headers,
      ...(jsonBytes !== undefined && { [jsonLength]: `${jsonBytes}` }),
      "content-type": jsonBytes === undefined ? "application/json" : "application/octet-stream",
      ...(encoding !== "none" && { "content-encoding": encoding }),
      ...(accepted !== "none" && { "accept-encoding": accepted }),
    };
    const body = encoding === "none" ? chunks : [await compressed(chunks, encoding)];
    const path = `${pathOf(request)}/infer`;
    const answer = await this.#send({ method: "POST", path, headers, body }, sent);
    const read = await readWhole(answer, request);
    return { ...read, timing: timingOf(answer.header("server-timing")) };
  }

  async *stream(request: WireRequest, sent: Sent): AsyncGenerator<WireAnswer, void, undefined> {
    const headers = {
      ...sent.headers,
      "content-type": "application/json",
      accept: "text/event-stream, application/x-ndjson;q=0.9",
    };
    const { chunks } = inferBody(request, "json");
    const path = `${pathOf(request)}/infer`;
    let answer: HttpAnswer;
    try {
      answer = await this.#send({ method: "POST", path, headers, body: chunks }, sent);
    } catch (error) {
      if (statusOf(error) !== 501 || !isGenerable(request)) throw error;
      yield* this.#generate(request, sent, error);
      return;
    }
    const type = answer.header("content-type") ?? "";
    if (type.startsWith("application/json")) {
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
    const about = { what: "modelMetadata", target: request } as const;
    const metadata = (await this.ask(about, sent)) as ModelMetadata;
    const body = [new TextEncoder().encode(writeExactJson(generateBody(request, metadata)))];
    const headers = { ...sent.headers, "content-type": "application/json" };
    const path = `${pathOf(request)}/generate_stream`;
    const answer = await this.#send({ method: "POST", path, headers, body }, sent).catch(
      (error: unknown) => {
        throw statusOf(error) === 404 ? refusal : error;
      },
    );
    for await (const document of this.#streamed(answer)) {
      yield generatedAnswer(document, request, metadata);
    }
  }

  /** Responses, one after another. */
  async *#streamed(answer: HttpAnswer): AsyncGenerator<JsonObject, void, undefined> {
    const type = answer.header("content-type") ?? "";
    const isLines = type.startsWith("application/x-ndjson");
    if (!isLines && !type.startsWith("text/event-stream")) {
      throw strangeAnswer(answer, decoder.decode(await answer.whole()));
    }
    const texts = (isLines ? linesOf : eventsOf)(answer.chunks(), this.#options.maxResponseBytes);
    for await (const text of texts) {
      if (text !== "") yield parseStreamed(text);
    }
  }

  async ask(question: Question, sent: Sent): Promise<unknown> {
    const isHealth = /live|eady/.test(question.what);
    const document = "body" in question ? question.body : undefined;
    const body = document === undefined ? [] : [new TextEncoder().encode(writeExactJson(document))];
    const method = document === undefined ? "GET" : "POST";
    const headers = { ...sent.headers, ...(document && { "content-type": "application/json" }) };
    try {
      const answer = await this.#send({ method, path: pathTo(question), headers, body }, sent);
      const bytes = await answer.whole();
      if (isHealth || bytes.byteLength === 0) return isHealth;
      if (!/html/.test(answer.header("content-type") ?? "")) return parseAnswer(bytes);
      throw strangeAnswer(answer, decoder.decode(bytes));
    } catch (error) {
      // It has answered: that it is not ready is the answer then, and no failure.
      if (isHealth && error instanceof ClientError && isNotReady(error)) return false;
      throw error;
    }
  }

  close(): void {
    this.#options.transport.close();
  }

  /** Its answer, if that is a success. */
  async #send(request: Omit<HttpRequest, "signal">, { signal }: Sent): Promise<HttpAnswer> {
    const answer = await this.#options.transport.send({ ...request, signal });
    if (answer.status === 200) return answer;
    throw httpError(answer, decoder.decode(await answer.whole()));
  }
}

async function readWhole(answer: HttpAnswer, { outputs }: WireRequest): Promise<WireAnswer> {
  const length = answer.header(jsonLength);
  if (length === undefined && /octet/.test(answer.header("content-type") ?? "")) {
    const how = "for pages, 'Access-Control-Expose-Headers' must name it";
    throw badAnswer(`the answer's header ${jsonLength} is missing (${how})`);
  }
  if (length === undefined) return readInferAnswer(await answer.whole(), undefined, outputs);
  const bytes = await answer.whole(Number(length) || 0);
  if (/^\d{1,15}$/.test(length)) return readInferAnswer(bytes, Number(length), outputs);
  throw badAnswer(`the answer's header ${jsonLength} is no number: ${length}`);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof ClientError ? error.status : undefined;
}

function pathOf({ name, version }: ModelTarget): string {
  const path = `/v2/models/${encoded(name)}`;
  return version === undefined ? path : `${path}/versions/${version}`;
}

/** Throws a ClientError for what no path can hold: halves of characters, and what leads elsewhere. */
export function encoded(name: string): string {
  try {
    if (!/^\.{0,2}$/.test(name)) return encodeURIComponent(name);
  } catch {}
  throw invalid(`invalid name '${name}'`);
}

function pathTo(question: Question): string {
  const { what } = question;
  const model = "target" in question && question.target ? pathOf(question.target) : "";
  const name = "name" in question && question.name ? encoded(question.name) : "";
  switch (what) {
    case "live":
    case "ready":
      return `/v2/health/${what}`;
    case "modelReady":
      return `${model}/ready`;
    case "metadata":
      return "/v2";
    case "modelMetadata":
      return model;
    case "config":
      return `${model}/config`;
    case "statistics":
      return `${model || "/v2/models"}/stats`;
    case "index":
      return "/v2/repository/index";
    case "load":
    case "unload":
      return `/v2/repository/models/${name}/${what}`;
    case "logging":
      return "/v2/logging";
    case "trace":
      return `/v2${name && `/models/${name}`}/trace/setting`;
    default:
      return `/v2/systemsharedmemory${name && `/region/${name}`}/${what === "regions" ? "status" : what}`;
  }
}

function isNotReady({ status, code }: ClientError): boolean {
  // A missing right is a failure, and so is no answer at all.
  return status !== undefined && !/PERMISSION|UNAUTH/.test(code);
}

/** A response of a stream, or the error that stands in its place. */
function parseStreamed(text: string): JsonObject {
  const document = parseAnswer(new TextEncoder().encode(text));
  if (!isFields(document)) throw badAnswer("a response of the stream is no JSON object");
  const { error } = document;
  if (typeof error === "string") throw new ClientError("server", error, { status: 200 });
  return document;
}

/** `queue;dur=0.1, batch;dur=0, compute;dur=2.5` */
export function timingOf(header: string | undefined): Partial<RequestTiming> | undefined {
  if (header === undefined) return undefined;
  const timing: Record<string, number> = {};
  const names = { queue: "queueMs", batch: "batchMs", compute: "computeMs", encode: "outputMs" };
  for (const [name, field] of Object.entries(names)) {
    const [, length] = new RegExp(`(?<![\\w-])${name}\\s*;\\s*dur=([\\d.]+)`).exec(header) ?? [];
    if (length !== undefined) timing[field] = Number(length);
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
