/**
 * Response of generate: one flat JSON object, its keys in the order of their bytes.
 *
 *   {"TOKEN":"Hello","id":"7","model_name":"m","model_version":"1"}
 *
 * The id (if there is one), the model, what parameters the model set, and each output: a scalar if
 * it has one element, else a flat array. Its shape is lost on purpose. Of equal keys the first in
 * this list counts.
 *
 * All responses to one request have the same keys, nearly always: so what stands between the
 * outputs is laid out once (`Layout`), and then only copied.
 */
import { type InferResponse, noParameters, type Parameters, type ParameterValue } from "./infer.ts";
import { type EncodedResponse, writeParameter } from "./infer-response-json.ts";
import { JsonWriter } from "./json-writer.ts";
import { elementsOf, expectedJsonBytes, type OutputElements } from "./output-elements.ts";
import { elementCount } from "./shape.ts";
import type { Steps } from "./steps.ts";

/** For the responses to one request. */
export class GenerateEncoder {
  #layout: Layout | undefined = undefined;

  /** `writer`: behind what is there; default: one of its own. */
  begin(response: InferResponse, writer?: JsonWriter): Steps<EncodedResponse> {
    if (!this.#layout?.fits(response)) this.#layout = layOut(response);
    const own = writer ?? new JsonWriter(expectedJsonBytes(response.outputs));
    return new GenerateEncodeSteps(response, this.#layout, own);
  }
}

class GenerateEncodeSteps implements Steps<EncodedResponse>, EncodedResponse {
  readonly tensors: readonly Uint8Array[] = [];
  readonly #response: InferResponse;
  readonly #layout: Layout;
  readonly #writer: JsonWriter;
  /** Of the next part to write. */
  #index = 0;
  #output: OpenOutput | undefined = undefined;

  constructor(response: InferResponse, layout: Layout, writer: JsonWriter) {
    this.#response = response;
    this.#layout = layout;
    this.#writer = writer;
  }

  get json(): Uint8Array {
    return this.#writer.written;
  }

  /** Throws an InferenceError for an output that JSON cannot carry. */
  step(): EncodedResponse | undefined {
    const { parts, end } = this.#layout;
    for (;;) {
      if (this.#output !== undefined && !this.#goOn(this.#output)) return undefined;
      const part = parts[this.#index];
      if (part === undefined) break;
      this.#begin(part);
      this.#index += 1;
    }
    this.#writer.utf8(end);
    return this;
  }

  #begin({ before, outputIndex }: Part): void {
    this.#writer.utf8(before);
    const output = this.#response.outputs[outputIndex];
    if (output === undefined) return;
    const isScalar = elementCount(output.shape) === 1;
    this.#output = { elements: elementsOf(output), isScalar };
    if (!isScalar) this.#writer.text("[");
  }

  /** False if it takes longer. */
  #goOn({ elements, isScalar }: OpenOutput): boolean {
    if (!elements.write(this.#writer)) return false;
    if (!isScalar) this.#writer.text("]");
    this.#output = undefined;
    return true;
  }
}

interface OpenOutput {
  readonly elements: OutputElements;
  readonly isScalar: boolean;
}

/** An output, and all that stands before its value. */
interface Part {
  readonly before: Uint8Array;
  readonly outputIndex: number;
}

class Layout {
  readonly parts: readonly Part[];
  readonly end: Uint8Array;
  /** Undefined: values of parameters are in it, which may change. */
  readonly #names: readonly string[] | undefined;

  constructor(parts: readonly Part[], end: Uint8Array, names: readonly string[] | undefined) {
    this.parts = parts;
    this.end = end;
    this.#names = names;
  }

  fits({ outputs, parameters }: InferResponse): boolean {
    const names = this.#names;
    if (names === undefined || names.length !== outputs.length || !isEmpty(parameters)) {
      return false;
    }
    return outputs.every(({ name }, index) => name === names[index]);
  }
}

/** What a key stands for. */
type Field = { readonly value: ParameterValue } | { readonly outputIndex: number };

function layOut(response: InferResponse): Layout {
  const { outputs, parameters } = response;
  const fields = fieldsOf(response);
  const parts: Part[] = [];
  let writer = new JsonWriter();
  let separator = "{";
  for (const [key, field] of [...fields].sort(([one], [other]) => compareBytes(one, other))) {
    writer.text(separator);
    writer.string(key);
    writer.text(":");
    separator = ",";
    if ("value" in field) writeParameter(writer, field.value);
    else {
      parts.push({ before: writer.written, outputIndex: field.outputIndex });
      writer = new JsonWriter();
    }
  }
  writer.text("}");
  const names = isEmpty(parameters) ? outputs.map(({ name }) => name) : undefined;
  return new Layout(parts, writer.written, names);
}

/** Of equal keys the first counts. */
function fieldsOf(response: InferResponse): ReadonlyMap<string, Field> {
  const { id, modelName, modelVersion, parameters, outputs } = response;
  const fields = new Map<string, Field>();
  const add = (key: string, field: Field): void => {
    if (!fields.has(key)) fields.set(key, field);
  };
  if (id !== "") add("id", { value: id });
  add("model_name", { value: modelName });
  add("model_version", { value: String(modelVersion) });
  for (const [key, value] of Object.entries(parameters)) add(key, { value });
  for (const [outputIndex, { name }] of outputs.entries()) add(name, { outputIndex });
  return fields;
}

function isEmpty(parameters: Parameters): boolean {
  return parameters === noParameters || Object.keys(parameters).length === 0;
}

/** As UTF-8: the order of code points, where halves of pairs come after all that are whole. */
function compareBytes(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const [left, right] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (left === right) continue;
    if (isHalf(left) !== isHalf(right)) return isHalf(left) ? 1 : -1;
    return left - right;
  }
  return one.length - other.length;
}

function isHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
