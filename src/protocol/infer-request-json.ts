/**
 * Inference request over HTTP: from the bytes of a body to a request.
 *
 * Total: any bytes give a request, or an InferenceError in the protocol's words. The first error
 * wins, in the protocol's order: syntax; id; parameters; inputs, each with its source, name,
 * datatype, shape, repetition and data; bytes left over; outputs.
 *
 * Not here: a body that is nothing but one tensor (raw-request.ts), whether the model takes it
 * (core/validate-request.ts).
 */
import { BinaryBody } from "./binary-body.ts";
import { type Datatype, datatypes, isDatatype } from "./datatype.ts";
import type { ReadElements } from "./element-sink.ts";
import { InferenceError, requestPrefix } from "./errors.ts";
import type { InferRequest } from "./infer.ts";
import {
  type InputDocument,
  isJsonDatatype,
  isShape,
  type RequestDocument,
  readRequestDocument,
} from "./infer-request-document.ts";
import { type ElementsPlan, readElements } from "./json-elements.ts";
import { JsonReader, toRequestError } from "./json-reader.ts";
import { asUnsigned, JsonObject, type JsonValue } from "./json-value.ts";
import { missingMember, unknownRegion, wrongType } from "./request-faults.ts";
import { readParameters } from "./request-parameters.ts";
import { type OutputForms, readOutputs } from "./requested-outputs.ts";
import { elementCount, exactElementCount } from "./shape.ts";
import type { Steps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

export interface RequestBody {
  readonly modelName: string;
  readonly modelVersion: number | undefined;
  /** Under which the log knows the request, unless the body names it. */
  readonly requestId: string;
  readonly chunks: readonly Uint8Array[];
  /** Sum over `chunks`. */
  readonly byteLength: number;
  /** Bytes of JSON in front; undefined: all of it. */
  readonly headerLength: number | undefined;
  /** Limit of the JSON, and of one input in it. */
  readonly maxInputBytes: number;
}

export interface DecodedRequest {
  readonly request: InferRequest;
  readonly forms: OutputForms;
}

export function* decodeInferRequest(body: RequestBody): Steps<DecodedRequest> {
  const { chunks, byteLength, headerLength = byteLength, maxInputBytes } = body;
  if (headerLength > maxInputBytes) {
    const what = `request JSON size of ${headerLength} bytes exceeds the maximum allowed input size`;
    throw tooLarge(`${what} of ${maxInputBytes} bytes`);
  }
  const binary = new BinaryBody(chunks, byteLength);
  const reader = new JsonReader(binary.takeJoined(headerLength));
  const document = yield* readDocument(reader, maxInputBytes);
  return yield* new RequestDecoder(body, reader, binary).decode(document);
}

function* readDocument(reader: JsonReader, maxInputBytes: number): Steps<RequestDocument> {
  try {
    return yield* readRequestDocument(reader, { maxInputBytes });
  } catch (error) {
    throw toRequestError(error);
  }
}

/** What is known of an input before its bytes are. */
interface InputHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

class RequestDecoder {
  readonly #body: RequestBody;
  readonly #reader: JsonReader;
  readonly #binary: BinaryBody;
  #id = "";

  constructor(body: RequestBody, reader: JsonReader, binary: BinaryBody) {
    this.#body = body;
    this.#reader = reader;
    this.#binary = binary;
  }

  *decode(document: RequestDocument): Steps<DecodedRequest> {
    if (document.id !== undefined) this.#id = toText("id", document.id);
    const parameters = readParameters(document.parameters);
    const inputs = yield* this.#inputs(document.inputs);
    if (this.#binary.leftBytes > 0) {
      const why = `unexpected additional input data for model '${this.#body.modelName}'`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    const outputs = readOutputs(document.outputs, this.#id, parameters.binaryDataOutput);
    const { modelName, modelVersion } = this.#body;
    const request: InferRequest = {
      modelName,
      modelVersion,
      id: this.#id,
      logId: this.#id === "" ? this.#body.requestId : this.#id,
      parameters: parameters.custom,
      inputs,
      requestedOutputs: outputs.names,
      priority: parameters.priority,
      timeoutMs: parameters.timeoutMs,
      sequence: parameters.sequence,
    };
    return { request, forms: outputs.forms };
  }

  *#inputs(documents: RequestDocument["inputs"]): Steps<readonly WireTensor[]> {
    if (documents === "missing") throw missingMember("inputs");
    if (documents === "no array") throw wrongType("inputs", "non-array as array");
    const inputs: WireTensor[] = [];
    for (const document of documents) {
      const source = sourceOf(document);
      const head = this.#head(document, inputs);
      if (source === "data") inputs.push(yield* this.#jsonTensor(head, document));
      else if (source === "binary_data_size") inputs.push(this.#binaryTensor(head, document));
      else throw unknownRegion(parameterOf(document, source));
    }
    return inputs;
  }

  #head(document: InputDocument, before: readonly WireTensor[]): InputHead {
    const name = toText("name", document.name);
    const datatype = toText("datatype", document.datatype);
    const shape = toShape(document.shape);
    if (!isDatatype(datatype)) {
      throw new InferenceError("INVALID_ARGUMENT", `invalid datatype for input ${name}`);
    }
    checkSize({ name, datatype, shape }, document.shape);
    if (before.some((input) => input.name === name)) {
      const why = `${requestPrefix(this.#id)}input '${name}' already exists in request`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    return { name, datatype, shape };
  }

  #binaryTensor(head: InputHead, document: InputDocument): WireTensor {
    const byteLength = asUnsigned(parameterOf(document, "binary_data_size"));
    if (byteLength === undefined) {
      throw wrongType("binary_data_size", "non-unsigned-integer as unsigned-integer");
    }
    const { leftBytes } = this.#binary;
    if (byteLength > leftBytes) {
      const missingBytes = BigInt(byteLength) - BigInt(leftBytes);
      throw new InferenceError(
        "INVALID_ARGUMENT",
        `unexpected size for input '${head.name}', expecting ${missingBytes} additional bytes ` +
          `for model '${this.#body.modelName}'`,
      );
    }
    const count = Number(byteLength);
    return { ...head, chunks: this.#binary.take(count), byteLength: count };
  }

  *#jsonTensor(head: InputHead, { data }: InputDocument): Steps<WireTensor> {
    const { name, datatype, shape } = head;
    const { maxInputBytes } = this.#body;
    if (!isJsonDatatype(datatype)) {
      const why = `receiving ${datatype} data via JSON is not supported.`;
      const remedy = `Please use the binary data format for input ${name}`;
      throw new InferenceError("INVALID_ARGUMENT", `${why} ${remedy}`);
    }
    const count = elementCount(shape);
    const byteSize = datatypes[datatype].byteSize;
    if (count * byteSize > maxInputBytes) {
      const bytes = exactElementCount(shape) * BigInt(byteSize);
      const what = `JSON input '${name}' has a byte_size (${bytes} bytes) that exceeds`;
      throw tooLarge(`${what} the maximum allowed value of ${maxInputBytes} bytes`);
    }
    // Whatever data a tensor without elements comes with is of no interest.
    if (count === 0) return { name, datatype, shape, chunks: [], byteLength: 0 };
    if (data === "no array" || data === undefined) throw wrongType("data", "non-array as array");
    const elements =
      typeof data === "number" ? yield* this.#readSkipped(data, { name, datatype, count }) : data;
    if (elements instanceof InferenceError) throw elements;
    const { byteLength } = elements;
    return { name, datatype, shape, chunks: byteLength > 0 ? [elements] : [], byteLength };
  }

  /** Data that stood before what says how to read it. */
  *#readSkipped(start: number, plan: ElementsPlan): Steps<ReadElements> {
    this.#reader.offset = start;
    return yield* readElements(this.#reader, plan);
  }
}

const sources = ["data", "binary_data_size", "shared_memory_region"] as const;

type Source = (typeof sources)[number];

/** Exactly one must be there. */
function sourceOf(document: InputDocument): Source {
  const given = sources.filter((source) =>
    source === "data" ? document.data !== undefined : parameterOf(document, source) !== undefined,
  );
  const [only] = given;
  if (only !== undefined && given.length === 1) return only;
  const found =
    given.length === 0
      ? "But no field is set"
      : `But set ${given.map((source) => `'${source}'`).join(" ")}`;
  throw new InferenceError(
    "INVALID_ARGUMENT",
    "Input must set only one of the following fields: 'data', 'binary_data_size' in " +
      `'parameters', 'shared_memory_region' in 'parameters'. ${found}`,
  );
}

function parameterOf({ parameters }: InputDocument, name: string): JsonValue | undefined {
  return parameters instanceof JsonObject ? parameters.members.get(name) : undefined;
}

function toText(field: string, value: JsonValue | undefined): string {
  if (value === undefined) throw missingMember(field);
  if (typeof value !== "string") throw wrongType(field, "non-string as string");
  return value;
}

function toShape(value: JsonValue | undefined): readonly number[] {
  if (isShape(value)) return value;
  if (value === undefined) throw missingMember("shape");
  if (!Array.isArray(value)) throw wrongType("shape", "non-array as array");
  return value.map((dimension: JsonValue) => {
    const unsigned = asUnsigned(dimension);
    if (unsigned !== undefined) return Number(unsigned);
    throw wrongType("shape", "non-unsigned-integer as unsigned-integer");
  });
}

const mostInt64 = 2n ** 63n - 1n;

/** Sizes must be 64-bit integers. `written` has the dimensions that a number cannot hold. */
function checkSize({ name, datatype, shape }: InputHead, written: JsonValue | undefined): void {
  const { byteSize } = datatypes[datatype];
  if (elementCount(shape) * byteSize <= Number.MAX_SAFE_INTEGER) return;
  const exact = (written as readonly (number | bigint)[]).map(BigInt);
  const invalid = (why: string): InferenceError => new InferenceError("INVALID_ARGUMENT", why);
  const what = `invalid shape for input '${name}': shape [${exact.join(",")}]`;
  if (exact.some((dimension) => dimension > mostInt64)) {
    throw invalid(`${what} contains one or more invalid dimensions`);
  }
  const count = exact.reduce((product, dimension) => product * dimension, 1n);
  if (count > mostInt64) {
    throw invalid(`${what} causes total element count to exceed maximum size of ${mostInt64}`);
  }
  if (count * BigInt(byteSize) > mostInt64) {
    const sum = `element count (${count}) * data type size (${byteSize})`;
    const why = `exceeds maximum allowed size (${mostInt64})`;
    throw invalid(`byte size overflow for input '${name}': ${sum} ${why}`);
  }
}

function tooLarge(what: string): InferenceError {
  const remedy = "Use --http-max-input-size to increase the limit.";
  return new InferenceError("INVALID_ARGUMENT", `${what}. ${remedy}`);
}
