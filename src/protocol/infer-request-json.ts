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
import { assert } from "../assert.ts";
import { type Datatype, datatypes, isDatatype } from "./datatype.ts";
import type { ReadElements } from "./element-sink.ts";
import { InferenceError } from "./errors.ts";
import type { InferRequest } from "./infer.ts";
import {
  DocumentSteps,
  type InputDocument,
  isJsonDatatype,
  isShape,
  type RequestDocument,
} from "./infer-request-document.ts";
import { ElementSteps, type JsonDatatype } from "./json-elements.ts";
import { JsonReader, toRequestError } from "./json-reader.ts";
import { asUnsigned, JsonObject, type JsonValue } from "./json-value.ts";
import type { RequestBody } from "./request-body.ts";
import {
  alreadyExists,
  checkJsonSize,
  missingMember,
  noJsonData,
  tooLarge,
  unknownRegion,
  wrongType,
} from "./request-faults.ts";
import { type RequestParameters, readParameters } from "./request-parameters.ts";
import { type OutputForms, readOutputs } from "./requested-outputs.ts";
import { elementCount } from "./shape.ts";
import { SlicedBytes } from "./sliced-bytes.ts";
import type { Steps } from "./steps.ts";
import { type WireTensor, wireTensor } from "./tensor.ts";
import { checkTensorSize, countUpToInt64 } from "./tensor-size.ts";

export interface DecodedRequest {
  readonly request: InferRequest;
  readonly forms: OutputForms;
}

/** What is known of an input before its bytes are. */
interface InputHead {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** An input whose data stood before what says how to read it. */
interface LateInput {
  readonly head: InputHead;
  readonly steps: ElementSteps;
}

/** Among so few, looking at each is faster than a set. */
const fewInputs = 16;

export class DecodeSteps implements Steps<DecodedRequest> {
  readonly #body: RequestBody;
  readonly #reader: JsonReader;
  readonly #binary: SlicedBytes;
  readonly #documentSteps: DocumentSteps;
  #document: RequestDocument | undefined = undefined;
  #id = "";
  #parameters: RequestParameters | undefined = undefined;
  readonly #inputs: WireTensor[] = [];
  /** Of the inputs, once they are many. */
  #names: Set<string> | undefined = undefined;
  #late: LateInput | undefined = undefined;

  /** `headerLength`: bytes of JSON in front. Throws INVALID_ARGUMENT if they are too many. */
  constructor(body: RequestBody, headerLength: number) {
    const { chunks, byteLength, maxInputBytes } = body;
    checkJsonSize(headerLength, maxInputBytes);
    this.#body = body;
    this.#binary = new SlicedBytes(chunks, byteLength);
    this.#reader = new JsonReader(this.#binary.takeJoined(headerLength));
    this.#documentSteps = new DocumentSteps(this.#reader, maxInputBytes);
  }

  /** Throws an InferenceError. */
  step(): DecodedRequest | undefined {
    this.#document ??= this.#readDocument();
    if (this.#document === undefined) return undefined;
    const { id, parameters, inputs, outputs } = this.#document;
    if (this.#parameters === undefined) {
      if (id !== undefined) this.#id = toText("id", id);
      this.#parameters = readParameters(parameters);
    }
    if (inputs === "missing") throw missingMember("inputs");
    if (inputs === "no array") throw wrongType("inputs", "non-array as array");
    while (this.#inputs.length < inputs.length) {
      const input = this.#readInput(inputs[this.#inputs.length]);
      if (input === undefined) return undefined;
      this.#inputs.push(input);
    }
    return this.#finish(this.#parameters, outputs);
  }

  #readDocument(): RequestDocument | undefined {
    try {
      return this.#documentSteps.step();
    } catch (error) {
      throw toRequestError(error);
    }
  }

  #finish(parameters: RequestParameters, outputs: JsonValue | undefined): DecodedRequest {
    const { modelName, modelVersion, requestId } = this.#body;
    if (this.#binary.leftBytes > 0) {
      const why = `unexpected additional input data for model '${modelName}'`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    const { names, forms, classes } = readOutputs(outputs, this.#id, parameters.binaryDataOutput);
    const request: InferRequest = {
      modelName,
      modelVersion,
      id: this.#id,
      logId: this.#id === "" ? requestId : this.#id,
      parameters: parameters.custom,
      inputs: this.#inputs,
      requestedOutputs: names,
      classes,
      priority: parameters.priority,
      timeoutMs: parameters.timeoutMs,
      sequence: parameters.sequence,
    };
    return { request, forms };
  }

  /** Undefined if it takes longer. */
  #readInput(document: InputDocument | undefined): WireTensor | undefined {
    if (this.#late !== undefined) return this.#finishLate(this.#late);
    assert(document !== undefined, "there is one more");
    const source = sourceOf(document);
    const head = this.#readHead(document);
    if (source === "binary_data_size") return this.#binaryTensor(head, document);
    if (source === "shared_memory_region") throw unknownRegion(parameterOf(document, source));
    const { datatype } = head;
    const data = this.#checkedData(head, document);
    if (typeof data !== "number") return jsonTensor(head, data);
    this.#reader.offset = data;
    const plan = {
      name: head.name,
      datatype: datatype as JsonDatatype,
      count: elementCount(head.shape),
    };
    this.#late = { head, steps: new ElementSteps(this.#reader, plan) };
    return this.#finishLate(this.#late);
  }

  #finishLate({ head, steps }: LateInput): WireTensor | undefined {
    const elements = steps.step();
    if (elements === undefined) return undefined;
    this.#late = undefined;
    return jsonTensor(head, elements);
  }

  #readHead(document: InputDocument): InputHead {
    const name = toText("name", document.name);
    const datatype = toText("datatype", document.datatype);
    const shape = toShape(document.shape);
    if (!isDatatype(datatype)) {
      throw new InferenceError("INVALID_ARGUMENT", `invalid datatype for input ${name}`);
    }
    const exact = shape === document.shape ? undefined : exactShape(document.shape);
    checkTensorSize({ name, datatype, shape }, exact);
    if (!this.#takeName(name)) throw alreadyExists(`input '${name}'`, this.#id);
    return { name, datatype, shape };
  }

  /** False if another input has it already. */
  #takeName(name: string): boolean {
    const inputs = this.#inputs;
    if (inputs.length < fewInputs) return inputs.every((input) => input.name !== name);
    this.#names ??= new Set(inputs.map((input) => input.name));
    const isNew = !this.#names.has(name);
    this.#names.add(name);
    return isNew;
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
    const { name, datatype, shape } = head;
    const count = Number(byteLength);
    return { name, datatype, shape, chunks: this.#binary.take(count), byteLength: count };
  }

  /** The data of an input that JSON may carry; whatever a tensor without elements has, is none. */
  #checkedData(
    { name, datatype, shape }: InputHead,
    { data, shape: written }: InputDocument,
  ): ReadElements | number {
    const { maxInputBytes } = this.#body;
    const count = elementCount(shape);
    if (count === 0) return noBytes;
    if (!isJsonDatatype(datatype)) throw noJsonData(name, datatype);
    const { byteSize } = datatypes[datatype];
    if (count * byteSize > maxInputBytes) {
      const bytes = countUpToInt64(exactShape(written)) * BigInt(byteSize);
      const what = `JSON input '${name}' has a byte_size (${bytes} bytes) that exceeds`;
      throw tooLarge(`${what} the maximum allowed value of ${maxInputBytes} bytes`);
    }
    if (data === "no array" || data === undefined) throw wrongType("data", "non-array as array");
    return data;
  }
}

const noBytes = new Uint8Array(0);

function jsonTensor(head: InputHead, elements: ReadElements): WireTensor {
  if (elements instanceof InferenceError) throw elements;
  return wireTensor(head, elements);
}

const sources = ["data", "binary_data_size", "shared_memory_region"] as const;

type Source = (typeof sources)[number];

/** Exactly one must be there. */
function sourceOf(document: InputDocument): Source {
  if (document.parameters === undefined && document.data !== undefined) return "data";
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

/** Of a shape that has been checked. */
function exactShape(written: JsonValue | undefined): readonly bigint[] {
  return (written as readonly (number | bigint)[]).map(BigInt);
}
