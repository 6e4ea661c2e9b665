/**
 * Inference response over HTTP: its JSON, and the bytes of its binary tensors behind it.
 *
 * Key order is the protocol's: id (if there is one), model_name, model_version, parameters (if the
 * model set some), outputs; of an output name, datatype, shape and then `data`, flat, or
 * `parameters` with its size. Tensors are not copied: whoever sends them sends the slices.
 */
import { datatypes } from "./datatype.ts";
import { writeNumbers, writeStrings } from "./element-text.ts";
import { InferenceError } from "./errors.ts";
import { type InferResponse, noParameters, type Parameters } from "./infer.ts";
import { isJsonDatatype } from "./infer-request-document.ts";
import { textOf } from "./json-number-text.ts";
import type { JsonNumericDatatype } from "./json-numeric-elements.ts";
import { JsonWriter } from "./json-writer.ts";
import { Unpacker } from "./packed-bytes.ts";
import type { OutputForms } from "./requested-outputs.ts";
import { joinBytes } from "./sliced-bytes.ts";
import type { Steps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

export interface EncodedResponse {
  readonly json: Uint8Array;
  /** In order; none is empty. If there are none, the response is plain JSON. */
  readonly tensors: readonly Uint8Array[];
}

const elementsPerStep = 8192;

export class EncodeSteps implements Steps<EncodedResponse>, EncodedResponse {
  readonly tensors: Uint8Array[] = [];
  readonly #response: InferResponse;
  readonly #forms: OutputForms;
  readonly #writer: JsonWriter;
  #outputIndex = 0;
  /** Of the output that is being written as JSON. */
  #data: OutputData | undefined = undefined;

  constructor(response: InferResponse, forms: OutputForms) {
    this.#response = response;
    this.#forms = forms;
    this.#writer = new JsonWriter(expectedBytes(response, forms));
    writeHead(this.#writer, response);
    this.#writer.text(',"outputs":[');
  }

  get json(): Uint8Array {
    return this.#writer.written;
  }

  /** Throws an InferenceError for an output that JSON cannot carry. */
  step(): EncodedResponse | undefined {
    const { outputs } = this.#response;
    for (;;) {
      if (this.#data !== undefined && !this.#goOn(this.#data)) return undefined;
      const output = outputs[this.#outputIndex];
      if (output === undefined) break;
      this.#begin(output);
      this.#outputIndex += 1;
    }
    this.#writer.text("]}");
    return this;
  }

  #begin({ name, datatype, shape, chunks, byteLength }: WireTensor): void {
    const writer = this.#writer;
    writer.text(this.#outputIndex === 0 ? '{"name":' : ',{"name":');
    writer.string(name);
    writer.text(',"datatype":"');
    writer.text(datatype);
    writer.text('","shape":[');
    writer.integers(shape);
    if (isBinary(name, this.#forms)) {
      writer.text(`],"parameters":{"binary_data_size":${byteLength}}}`);
      for (const chunk of chunks) this.tensors.push(chunk);
      return;
    }
    if (!isJsonDatatype(datatype)) {
      const why = `sending ${datatype} data via JSON is not supported.`;
      const remedy = `Please use the binary data format for output ${name}`;
      throw new InferenceError("INVALID_ARGUMENT", `${why} ${remedy}`);
    }
    writer.text('],"data":[');
    const bytes = joinBytes(chunks, byteLength, 1);
    this.#data =
      datatype === "BYTES" ? new StringData(name, bytes) : new NumberData(datatype, bytes);
  }

  /** False if it takes longer. */
  #goOn(data: OutputData): boolean {
    if (!data.write(this.#writer)) return false;
    this.#writer.text("]}");
    this.#data = undefined;
    return true;
  }
}

function isBinary(name: string, { isBinary: listed, isBinaryByDefault }: OutputForms): boolean {
  return listed?.get(name) ?? isBinaryByDefault;
}

/** A guess: memory that is too small is copied into larger one. */
function expectedBytes({ outputs }: InferResponse, forms: OutputForms): number {
  let bytes = 1024;
  for (const { name, byteLength } of outputs) {
    // Numbers of four bytes take about twelve characters.
    if (byteLength > 64 && !isBinary(name, forms)) bytes += 3 * byteLength;
  }
  return bytes;
}

/** Elements of one output on their way into JSON. */
interface OutputData {
  /** Writes some of them. True when all are written. */
  write(writer: JsonWriter): boolean;
}

class NumberData implements OutputData {
  readonly #datatype: JsonNumericDatatype;
  readonly #bytes: Uint8Array;
  readonly #count: number;
  #written = 0;

  constructor(datatype: JsonNumericDatatype, bytes: Uint8Array) {
    this.#datatype = datatype;
    this.#bytes = bytes;
    this.#count = bytes.byteLength / datatypes[datatype].byteSize;
  }

  write(writer: JsonWriter): boolean {
    const from = this.#written;
    const to = Math.min(this.#count, from + elementsPerStep);
    writeNumbers(writer, this.#datatype, this.#bytes, { from, to });
    this.#written = to;
    return to === this.#count;
  }
}

class StringData implements OutputData {
  readonly #name: string;
  readonly #elements: Unpacker;

  constructor(name: string, packed: Uint8Array) {
    this.#name = name;
    this.#elements = new Unpacker(packed);
  }

  write(writer: JsonWriter): boolean {
    try {
      return writeStrings(writer, this.#elements, elementsPerStep);
    } catch (error) {
      if (error instanceof InferenceError) throw error;
      const why = `output '${this.#name}' holds BYTES that are not UTF-8, which JSON cannot carry.`;
      const remedy = "Please use the binary data format for it";
      throw new InferenceError("INTERNAL", `${why} ${remedy}`, { cause: error });
    }
  }
}

function writeHead(writer: JsonWriter, response: InferResponse): void {
  const { id, modelName, modelVersion, parameters } = response;
  if (id === "") writer.text('{"model_name":');
  else {
    writer.text('{"id":');
    writer.string(id);
    writer.text(',"model_name":');
  }
  writer.string(modelName);
  writer.text(`,"model_version":"${modelVersion}"`);
  if (parameters !== noParameters) writeParameters(writer, parameters);
}

function writeParameters(writer: JsonWriter, parameters: Parameters): void {
  let separator = ',"parameters":{';
  for (const [key, value] of Object.entries(parameters)) {
    writer.text(separator);
    writer.string(key);
    writer.text(":");
    if (typeof value === "string") writer.string(value);
    else writer.text(typeof value === "number" ? textOf(value) : String(value));
    separator = ",";
  }
  if (separator === ",") writer.text("}");
}
