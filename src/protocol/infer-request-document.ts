/**
 * The JSON of an inference request, read once: its parts as values, and the data of its inputs
 * already as elements, where what stands before them says which.
 *
 * Whatever is wrong but the syntax is left to whoever looks at the parts (infer-request-json.ts),
 * in the order in which the protocol checks them. Keys that are unknown are skipped; of equal keys
 * the first counts.
 */
import { type Datatype, isDatatype } from "./datatype.ts";
import type { ReadElements } from "./element-sink.ts";
import { type ElementsPlan, type JsonDatatype, readElements } from "./json-elements.ts";
import type { JsonReader } from "./json-reader.ts";
import type { JsonValue } from "./json-value.ts";
import { elementCount } from "./shape.ts";
import type { Steps } from "./steps.ts";

export interface RequestDocument {
  readonly id: JsonValue | undefined;
  readonly parameters: JsonValue | undefined;
  readonly inputs: readonly InputDocument[] | "missing" | "no array";
  readonly outputs: JsonValue | undefined;
}

export interface InputDocument {
  readonly name: JsonValue | undefined;
  readonly datatype: JsonValue | undefined;
  readonly shape: JsonValue | undefined;
  readonly parameters: JsonValue | undefined;
  readonly data: InputData | undefined;
}

/** A number is where an array begins that has only been skipped so far. */
export type InputData = ReadElements | number | "no array";

/** Bytes of one input at most. */
export interface DocumentLimits {
  readonly maxInputBytes: number;
}

/** Throws a JsonSyntaxError, or INVALID_ARGUMENT for what is nested too deep or too much. */
export function* readRequestDocument(
  reader: JsonReader,
  limits: DocumentLimits,
): Steps<RequestDocument> {
  const document = new OpenDocument();
  if (reader.peek() === 0) reader.fail("The document is empty.", 0);
  if (reader.enterObject()) yield* document.read(reader, limits);
  else yield* reader.skipValue();
  reader.end();
  return document;
}

class OpenDocument implements RequestDocument {
  id: JsonValue | undefined = undefined;
  parameters: JsonValue | undefined = undefined;
  inputs: RequestDocument["inputs"] = "missing";
  outputs: JsonValue | undefined = undefined;

  *read(reader: JsonReader, limits: DocumentLimits): Steps<void> {
    for (let isFirst = true; ; isFirst = false) {
      const key = reader.nextKey(isFirst);
      if (key === undefined) return;
      if (key === "inputs" && this.inputs === "missing") {
        this.inputs = yield* readInputs(reader, limits);
      } else if (!this.#take(key, reader)) yield* reader.skipValue();
      if (!reader.hasNextMember()) return;
    }
  }

  /** False if there is no such field, or it has been there before. */
  #take(key: string, reader: JsonReader): boolean {
    if (key === "id" && this.id === undefined) this.id = reader.readValue();
    else if (key === "outputs" && this.outputs === undefined) this.outputs = reader.readValue();
    else if (key === "parameters" && this.parameters === undefined) {
      this.parameters = reader.readValue();
    } else return false;
    return true;
  }
}

function* readInputs(
  reader: JsonReader,
  limits: DocumentLimits,
): Steps<readonly InputDocument[] | "no array"> {
  if (!reader.enterArray()) {
    yield* reader.skipValue();
    return "no array";
  }
  const inputs: InputDocument[] = [];
  if (reader.isEmptyArray()) return inputs;
  do {
    const input = new OpenInput();
    reader.countValue();
    if (reader.enterObject()) yield* input.read(reader, limits);
    else yield* reader.skipValue();
    inputs.push(input);
  } while (reader.hasNextElement());
  return inputs;
}

class OpenInput implements InputDocument {
  name: JsonValue | undefined = undefined;
  datatype: JsonValue | undefined = undefined;
  shape: JsonValue | undefined = undefined;
  parameters: JsonValue | undefined = undefined;
  data: InputData | undefined = undefined;

  *read(reader: JsonReader, limits: DocumentLimits): Steps<void> {
    for (let isFirst = true; ; isFirst = false) {
      const key = reader.nextKey(isFirst);
      if (key === undefined) return;
      if (key === "data" && this.data === undefined) this.data = yield* this.#read(reader, limits);
      else if (!this.#take(key, reader)) yield* reader.skipValue();
      if (!reader.hasNextMember()) return;
    }
  }

  /** False if there is no such field, or it has been there before. */
  #take(key: string, reader: JsonReader): boolean {
    if (key === "name" && this.name === undefined) this.name = reader.readValue();
    else if (key === "shape" && this.shape === undefined) this.shape = reader.readValue();
    else if (key === "datatype" && this.datatype === undefined) {
      this.datatype = reader.readValue();
    } else if (key === "parameters" && this.parameters === undefined) {
      this.parameters = reader.readValue();
    } else return false;
    return true;
  }

  *#read(reader: JsonReader, limits: DocumentLimits): Steps<InputData> {
    if (!reader.isAtArray()) {
      yield* reader.skipValue();
      return "no array";
    }
    const start = reader.offset;
    const plan = this.#plan(limits);
    if (plan !== undefined) return yield* readElements(reader, plan);
    yield* reader.skipValue();
    return start;
  }

  /** Undefined if it is not known yet how to read the data, or if that would be refused. */
  #plan({ maxInputBytes }: DocumentLimits): ElementsPlan | undefined {
    const { name, datatype, shape } = this;
    if (typeof name !== "string" || typeof datatype !== "string" || !isDatatype(datatype)) {
      return undefined;
    }
    if (!isJsonDatatype(datatype) || !isShape(shape)) return undefined;
    const count = elementCount(shape);
    return count > 0 && count <= maxInputBytes ? { name, datatype, count } : undefined;
  }
}

export function isJsonDatatype(datatype: Datatype): datatype is JsonDatatype {
  return datatype !== "FP16" && datatype !== "BF16";
}

/** Within 2^53; larger dimensions are told apart where the shape is checked. */
export function isShape(value: JsonValue | undefined): value is readonly number[] {
  if (!Array.isArray(value)) return false;
  for (const dimension of value) {
    if (typeof dimension !== "number" || dimension < 0) return false;
  }
  return true;
}
