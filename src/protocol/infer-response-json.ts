/**
 * Inference response over HTTP: its JSON, and the bytes of its binary tensors behind it.
 *
 * Key order is the protocol's: id (if there is one), model_name, model_version, parameters (if the
 * model set some), outputs; of an output name, datatype, shape and then `data`, flat, or
 * `parameters` with its size. Tensors are not copied: whoever sends them sends the slices.
 */
import { type InferResponse, noParameters, type Parameters, type ParameterValue } from "./infer.ts";
import { textOf } from "./json-number-text.ts";
import { JsonWriter } from "./json-writer.ts";
import { elementsOf, expectedJsonBytes, type OutputElements } from "./output-elements.ts";
import type { OutputForms } from "./requested-outputs.ts";
import type { Steps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

export interface EncodedResponse {
  readonly json: Uint8Array;
  /** In order; none is empty. If there are none, the response is plain JSON. */
  readonly tensors: readonly Uint8Array[];
}

export class EncodeSteps implements Steps<EncodedResponse>, EncodedResponse {
  readonly tensors: Uint8Array[] = [];
  readonly #response: InferResponse;
  readonly #forms: OutputForms;
  readonly #writer: JsonWriter;
  #outputIndex = 0;
  /** Of the output that is being written as JSON. */
  #data: OutputElements | undefined = undefined;

  /** `writer`: behind what is there; default: one of its own. */
  constructor(response: InferResponse, forms: OutputForms, writer?: JsonWriter) {
    this.#response = response;
    this.#forms = forms;
    this.#writer = writer ?? new JsonWriter(expectedBytes(response, forms));
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

  #begin(output: WireTensor): void {
    const { name, datatype, shape, chunks, byteLength } = output;
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
    this.#data = elementsOf(output);
    writer.text('],"data":[');
  }

  /** False if it takes longer. */
  #goOn(data: OutputElements): boolean {
    if (!data.write(this.#writer)) return false;
    this.#writer.text("]}");
    this.#data = undefined;
    return true;
  }
}

function expectedBytes({ outputs }: InferResponse, forms: OutputForms): number {
  return expectedJsonBytes(outputs.filter(({ name }) => !isBinary(name, forms)));
}

function isBinary(name: string, { isBinary: listed, isBinaryByDefault }: OutputForms): boolean {
  return listed?.get(name) ?? isBinaryByDefault;
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

export function writeParameter(writer: JsonWriter, value: ParameterValue): void {
  if (typeof value === "string") writer.string(value);
  else writer.text(typeof value === "number" ? textOf(value) : String(value));
}

function writeParameters(writer: JsonWriter, parameters: Parameters): void {
  let separator = ',"parameters":{';
  for (const [key, value] of Object.entries(parameters)) {
    writer.text(separator);
    writer.string(key);
    writer.text(":");
    writeParameter(writer, value);
    separator = ",";
  }
  if (separator === ",") writer.text("}");
}
