/**
 * The protocol over HTTP: a route for each operation.
 *
 * Not here: how bytes are sent (transport.ts), what is in them (infer-body.ts, infer-answer.ts).
 */
import type { RequestTiming } from "../protocol/infer.ts";
import { badAnswer, ClientError } from "./client-error.ts";
import type {
  Connection,
  IndexEntry,
  JsonObject,
  ModelMetadata,
  ModelTarget,
  Sent,
  ServerMetadata,
  SharedMemoryCalls,
  SharedMemoryRegion,
  WireAnswer,
  WireRequest,
} from "./connection.ts";
import { eventsOf, linesOf } from "./event-lines.ts";
import { writeExactJson } from "./exact-json.ts";
import { httpError, strangeAnswer } from "./http-errors.ts";
import { isFields, parseAnswer, readInferAnswer, toWireAnswer } from "./infer-answer.ts";
import { inferBody, type TensorFormat } from "./infer-body.ts";
import type { HttpAnswer, HttpTransport } from "./transport.ts";

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
  readonly sharedMemory: SharedMemoryCalls;
  readonly #options: HttpConnectionOptions;

  constructor(options: HttpConnectionOptions) {
    this.#options = options;
    this.sharedMemory = {
      register: async ({ name, key, offset, byteSize }, sent) => {
        await this.#post(`${memory(name)}/register`, { key, offset, byte_size: byteSize }, sent);
      },
      unregister: async (name, sent) => {
        await this.#post(`${memory(name)}/unregister`, undefined, sent);
      },
      status: async (name, sent) => toRegions(await this.#get(`${memory(name)}/status`, sent)),
    };
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
    const length = answer.header(jsonLength);
    if (length !== undefined && !/^\d{1,15}$/.test(length)) {
      throw badAnswer(`the answer's header ${jsonLength} is no number: ${length}`);
    }
    const bytes = await answer.whole(Number(length ?? 0));
    const read = readInferAnswer(bytes, length === undefined ? undefined : Number(length));
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
    const answer = await this.#send({ method: "POST", path, headers, body: chunks }, sent);
    const type = answer.header("content-type") ?? "";
    const { maxResponseBytes } = this.#options;
    if (type.startsWith("application/json")) {
      // A server without streams over HTTP, and a model that answers once.
      const length = answer.header(jsonLength);
      yield readInferAnswer(await answer.whole(), length === undefined ? undefined : Number(length));
      return;
    }
    const isLines = type.startsWith("application/x-ndjson");
    const texts = isLines
      ? linesOf(answer.chunks(), maxResponseBytes)
      : eventsOf(answer.chunks(), maxResponseBytes);
    for await (const text of texts) {
      if (text !== "") yield toStreamed(text);
    }
  }

  isLive(sent: Sent): Promise<boolean> {
    return this.#isOk("/v2/health/live", sent);
  }

  isReady(sent: Sent): Promise<boolean> {
    return this.#isOk("/v2/health/ready", sent);
  }

  isModelReady(target: ModelTarget, sent: Sent): Promise<boolean> {
    return this.#isOk(`${pathOf(target)}/ready`, sent);
  }

  async metadata(sent: Sent): Promise<ServerMetadata> {
    const { name = "", version = "", extensions = [] } = await this.#getFields("/v2", sent);
    return {
      name: String(name),
      version: String(version),
      extensions: Array.isArray(extensions) ? extensions.map(String) : [],
    };
  }

  async modelMetadata(target: ModelTarget, sent: Sent): Promise<ModelMetadata> {
    return toModelMetadata(await this.#getFields(pathOf(target), sent));
  }

  modelConfig(target: ModelTarget, sent: Sent): Promise<JsonObject> {
    return this.#getFields(`${pathOf(target)}/config`, sent);
  }

  statistics(target: ModelTarget | undefined, sent: Sent): Promise<JsonObject> {
    return this.#getFields(target === undefined ? "/v2/models/stats" : `${pathOf(target)}/stats`, sent);
  }

  async index(isReadyOnly: boolean, sent: Sent): Promise<readonly IndexEntry[]> {
    const body = isReadyOnly ? { ready: true } : {};
    const entries = await this.#post("/v2/repository/index", body, sent);
    if (Array.isArray(entries)) return entries as readonly IndexEntry[];
    throw badAnswer("the repository's index is no list");
  }

  async load(name: string, parameters: JsonObject, sent: Sent): Promise<void> {
    const body = Object.keys(parameters).length > 0 ? { parameters } : {};
    await this.#post(`/v2/repository/models/${encodeURIComponent(name)}/load`, body, sent);
  }

  async unload(name: string, withDependents: boolean, sent: Sent): Promise<void> {
    const body = withDependents ? { parameters: { unload_dependents: true } } : {};
    await this.#post(`/v2/repository/models/${encodeURIComponent(name)}/unload`, body, sent);
  }

  logSettings(settings: JsonObject | undefined, sent: Sent): Promise<JsonObject> {
    return this.#settings("/v2/logging", settings, sent);
  }

  traceSettings(
    modelName: string | undefined,
    settings: JsonObject | undefined,
    sent: Sent,
  ): Promise<JsonObject> {
    const of = modelName === undefined ? "" : `/models/${encodeURIComponent(modelName)}`;
    return this.#settings(`/v2${of}/trace/setting`, settings, sent);
  }

  close(): void {
    this.#options.transport.close();
  }

  async #settings(
    path: string,
    settings: JsonObject | undefined,
    sent: Sent,
  ): Promise<JsonObject> {
    if (settings === undefined) return await this.#getFields(path, sent);
    return asFields(path, await this.#post(path, settings, sent));
  }

  async #isOk(path: string, sent: Sent): Promise<boolean> {
    try {
      const answer = await this.#send({ method: "GET", path, headers: sent.headers, body: [] }, sent);
      await answer.whole();
      return true;
    } catch (error) {
      // It answered: then that it is not ready is the answer, and no failure.
      if (error instanceof ClientError && isNoAnswer(error)) return false;
      throw error;
    }
  }

  async #getFields(path: string, sent: Sent): Promise<JsonObject> {
    return asFields(path, await this.#get(path, sent));
  }

  async #get(path: string, sent: Sent): Promise<unknown> {
    return await this.#json({ method: "GET", path, headers: sent.headers, body: [] }, sent);
  }

  async #post(path: string, document: JsonObject | undefined, sent: Sent): Promise<unknown> {
    const text = document === undefined ? "" : writeExactJson(document);
    const headers = { ...sent.headers, "content-type": "application/json" };
    const body = text === "" ? [] : [new TextEncoder().encode(text)];
    return await this.#json({ method: "POST", path, headers, body }, sent);
  }

  async #json(request: Asked, sent: Sent): Promise<unknown> {
    const answer = await this.#send(request, sent);
    const bytes = await answer.whole();
    if (bytes.byteLength === 0) return undefined;
    const type = answer.header("content-type") ?? "";
    if (/html/.test(type)) throw strangeAnswer(answer, decoder.decode(bytes));
    return parseAnswer(bytes);
  }

  /** Its answer, if that is a success. */
  async #send(request: Asked, { signal }: Sent): Promise<HttpAnswer> {
    const answer = await this.#options.transport.send({ ...request, signal });
    if (answer.status === 200) return answer;
    throw httpError(answer, decoder.decode(await answer.whole()));
  }
}

interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
}

function pathOf({ name, version }: ModelTarget): string {
  const path = `/v2/models/${encodeURIComponent(name)}`;
  return version === undefined ? path : `${path}/versions/${version}`;
}

function memory(name: string | undefined): string {
  const region = name === undefined ? "" : `/region/${encodeURIComponent(name)}`;
  return `/v2/systemsharedmemory${region}`;
}

function asFields(path: string, value: unknown): JsonObject {
  if (isFields(value)) return value;
  throw badAnswer(`the answer to ${path} is no JSON object`);
}

function isNoAnswer({ kind, status, code }: ClientError): boolean {
  if (kind === "connection" || kind === "timeout" || kind === "cancelled") return false;
  // An empty 400 is how a server says that it is not ready; a missing right is a failure.
  return status !== undefined && code !== "PERMISSION_DENIED" && code !== "UNAUTHENTICATED";
}

function toModelMetadata(fields: JsonObject): ModelMetadata {
  const { name = "", versions = [], platform = "", inputs, outputs } = fields;
  if (!Array.isArray(inputs) || !Array.isArray(outputs)) {
    throw badAnswer("the model's metadata has no lists of inputs and outputs");
  }
  return {
    name: String(name),
    versions: Array.isArray(versions) ? versions.map(String) : [],
    platform: String(platform),
    inputs: inputs.map(toTensorMetadata),
    outputs: outputs.map(toTensorMetadata),
  };
}

function toTensorMetadata(fields: unknown): ModelMetadata["inputs"][number] {
  const { name, datatype, shape } = isFields(fields) ? fields : {};
  if (typeof name !== "string" || typeof datatype !== "string" || !Array.isArray(shape)) {
    throw badAnswer("a tensor of the model's metadata has no name, datatype or shape");
  }
  return { name, datatype, shape: shape.map(Number) };
}

function toRegions(value: unknown): readonly SharedMemoryRegion[] {
  if (!Array.isArray(value)) throw badAnswer("the shared memory's status is no list");
  return value.map((region: unknown) => {
    const { name, key, offset, byte_size } = isFields(region) ? region : {};
    return {
      name: String(name),
      key: String(key),
      offset: Number(offset),
      byteSize: Number(byte_size),
    };
  });
}

/** A response of a stream, or the error that stands in its place. */
function toStreamed(text: string): WireAnswer {
  const document = parseAnswer(new TextEncoder().encode(text));
  if (isFields(document) && typeof document["error"] === "string") {
    throw new ClientError("server", document["error"], { status: 200 });
  }
  return toWireAnswer(document);
}

/** `queue;dur=0.1, batch;dur=0, compute;dur=2.5` */
function timingOf(header: string | undefined): Partial<RequestTiming> | undefined {
  if (header === undefined) return undefined;
  const timing: Record<string, number> = {};
  const names: Readonly<Record<string, keyof RequestTiming>> = {
    queue: "queueMs",
    batch: "batchMs",
    compute: "computeMs",
    encode: "outputMs",
  };
  for (const [, name = "", length] of header.matchAll(/([\w-]+)\s*;\s*dur=([\d.]+)/g)) {
    const field = names[name];
    if (field !== undefined) timing[field] = Number(length);
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
