/**
 * Inference response over HTTP: its JSON, and the bytes of its binary tensors behind it.
 *
 * Key order is the protocol's: id (if there is one), model_name, model_version, parameters (if the
 * model set some), outputs; of an output name, datatype, shape and then `data`, flat, or
 * `parameters` with its size. Tensors are not copied: whoever sends them sends the slices.
 */

import { writeElements } from "./element-text.ts";
import { InferenceError } from "./errors.ts";
import type { InferResponse, Parameters } from "./infer.ts";
import { isJsonDatatype } from "./infer-request-document.ts";
import { JsonWriter } from "./json-writer.ts";
import type { OutputForms } from "./requested-outputs.ts";
import type { Steps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

export interface EncodedResponse {
  readonly json: Uint8Array;
  /** In order; none is empty. If there are none, the response is plain JSON. */
  readonly tensors: readonly Uint8Array[];
}

/** Throws an InferenceError for an output that JSON cannot carry. */
export function* encodeInferResponse(
  response: InferResponse,
  forms: OutputForms,
): Steps<EncodedResponse> {
  const writer = new JsonWriter();
  const tensors: Uint8Array[] = [];
  writeHead(writer, response);
  writer.text(',"outputs":[');
  for (const [index, output] of response.outputs.entries()) {
    writer.text(index === 0 ? '{"name":' : ',{"name":');
    writer.string(output.name);
    writer.text(`,"datatype":"${output.datatype}","shape":[${output.shape.join()}]`);
    if (forms.isBinary?.get(output.name) ?? forms.isBinaryByDefault) {
      writer.text(`,"parameters":{"binary_data_size":${output.byteLength}}}`);
      for (const chunk of output.chunks) tensors.push(chunk);
    } else yield* writeData(writer, output);
  }
  writer.text("]}");
  return { json: writer.written, tensors };
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
  writeParameters(writer, parameters);
}

function writeParameters(writer: JsonWriter, parameters: Parameters): void {
  let separator = ',"parameters":{';
  for (const [key, value] of Object.entries(parameters)) {
    writer.text(separator);
    writer.string(key);
    writer.text(":");
    if (typeof value === "string") writer.string(value);
    else writer.text(String(value));
    separator = ",";
  }
  if (separator === ",") writer.text("}");
}

function* writeData(writer: JsonWriter, output: WireTensor): Steps<void> {
  const { name, datatype } = output;
  if (!isJsonDatatype(datatype)) {
    const why = `sending ${datatype} data via JSON is not supported.`;
    const remedy = `Please use the binary data format for output ${name}`;
    throw new InferenceError("INVALID_ARGUMENT", `${why} ${remedy}`);
  }
  writer.text(',"data":[');
  try {
    yield* writeElements(writer, datatype, joined(output));
  } catch (error) {
    if (datatype !== "BYTES") throw error;
    const why = `output '${name}' holds BYTES that are not UTF-8, which JSON cannot carry.`;
    const remedy = "Please use the binary data format for it";
    throw new InferenceError("INTERNAL", `${why} ${remedy}`, { cause: error });
  }
  writer.text("]}");
}

function joined({ chunks, byteLength }: WireTensor): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const whole = new Uint8Array(byteLength);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
