/**
 * The JSON of an inference request, read once: its parts as values, and the data of its inputs
 * already as elements, where what stands before them says which.
 *
 *   { id, parameters, outputs, inputs: [ { name, datatype, shape, parameters, data }, ... ] }
 *
 * Whatever is wrong but the syntax is left to whoever looks at the parts (infer-request-json.ts),
 * in the order in which the protocol checks them. Keys that are unknown are skipped; of equal keys
 * the first counts.
 */
import { assert } from "../assert.ts";
import { type Datatype, datatypes, isDatatype } from "./datatype.ts";
import type { ReadElements } from "./element-sink.ts";
import { InferenceError } from "./errors.ts";
import { ElementSteps, type ElementsPlan, type JsonDatatype } from "./json-elements.ts";
import type { JsonReader } from "./json-reader.ts";
import { SkipSteps } from "./json-skip.ts";
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

/** What the reader is in the middle of. */
type Place = "start" | "root" | "inputs" | "input" | "end";

export class DocumentSteps implements RequestDocument, Steps<RequestDocument> {
  id: JsonValue | undefined = undefined;
  parameters: JsonValue | undefined = undefined;
  inputs: RequestDocument["inputs"] = "missing";
  outputs: JsonValue | undefined = undefined;
  readonly #reader: JsonReader;
  readonly #maxInputBytes: number;
  readonly #inputs: OpenInput[] = [];
  /** The data of an input is at fault, and so no later one will be looked at. */
  #isFaulty = false;
  #place: Place = "start";
  /** The value that comes next, if it may be long. */
  #long: ElementSteps | SkipSteps | undefined = undefined;

  /** `maxInputBytes`: of one input at most. */
  constructor(reader: JsonReader, maxInputBytes: number) {
    this.#reader = reader;
    this.#maxInputBytes = maxInputBytes;
  }

  /** Throws a JsonSyntaxError, or INVALID_ARGUMENT for what is nested too deep or too much. */
  step(): RequestDocument | undefined {
    for (;;) {
      if (this.#long !== undefined) {
        if (!this.#goOn(this.#long)) return undefined;
      } else if (this.#place === "input") this.#readInputMember();
      else if (this.#place === "root") this.#readMember();
      else if (this.#place === "inputs") this.#enterInput();
      else if (this.#place === "start") this.#start();
      else {
        this.#reader.end();
        return this;
      }
    }
  }

  #start(): void {
    const reader = this.#reader;
    if (reader.peek() === 0) reader.fail("The document is empty.");
    this.#place = "end";
    if (!reader.enterObject()) this.#skip();
    else if (!reader.isEmptyObject()) this.#place = "root";
  }

  #readMember(): void {
    const key = this.#reader.readKey();
    if (key === "inputs" && this.inputs === "missing") this.#enterInputs();
    else if (this.#take(key)) this.#leave();
    else this.#skip();
  }

  /** False if there is no such field, or it has been there before. */
  #take(key: string): boolean {
    const reader = this.#reader;
    if (key === "id" && this.id === undefined) this.id = reader.readValue();
    else if (key === "outputs" && this.outputs === undefined) this.outputs = reader.readValue();
    else if (key === "parameters" && this.parameters === undefined) {
      this.parameters = reader.readValue();
    } else return false;
    return true;
  }

  #enterInputs(): void {
    const reader = this.#reader;
    if (!reader.enterArray()) {
      this.inputs = "no array";
      this.#skip();
      return;
    }
    this.inputs = this.#inputs;
    if (reader.isEmptyArray()) this.#leave();
    else this.#place = "inputs";
  }

  #enterInput(): void {
    const reader = this.#reader;
    reader.countValue();
    this.#inputs.push(new OpenInput());
    if (!reader.enterObject()) this.#skip();
    else if (reader.isEmptyObject()) this.#leave();
    else this.#place = "input";
  }

  #readInputMember(): void {
    const reader = this.#reader;
    const input = this.#inputs.at(-1);
    assert(input !== undefined, "the reader is in one");
    const key = reader.readKey();
    if (key === "data" && input.data === undefined) this.#readData(input);
    else if (input.take(key, reader)) this.#leave();
    else this.#skip();
  }

  #readData(input: OpenInput): void {
    const reader = this.#reader;
    const isArray = reader.isAtArray();
    const plan = isArray && !this.#isFaulty ? input.plan(this.#maxInputBytes) : undefined;
    if (plan === undefined) {
      input.data = isArray ? reader.offset : "no array";
      this.#skip();
    } else this.#long = new ElementSteps(reader, plan);
  }

  #skip(): void {
    this.#long = new SkipSteps(this.#reader);
  }

  /** False if it takes longer. */
  #goOn(long: ElementSteps | SkipSteps): boolean {
    const result = long.step();
    if (result === undefined) return false;
    const input = this.#inputs.at(-1);
    if (result !== true && input !== undefined) input.data = result;
    if (result instanceof InferenceError) this.#isFaulty = true;
    this.#long = undefined;
    this.#leave();
    return true;
  }

  /** Behind a value: to the next one, or out of what has ended. */
  #leave(): void {
    const reader = this.#reader;
    if (this.#place === "input") {
      if (reader.hasNextMember()) return;
      this.#place = "inputs";
    }
    if (this.#place === "inputs") {
      if (reader.hasNextElement()) return;
      this.#place = "root";
    }
    if (this.#place === "root" && !reader.hasNextMember()) this.#place = "end";
  }
}

class OpenInput implements InputDocument {
  name: JsonValue | undefined = undefined;
  datatype: JsonValue | undefined = undefined;
  shape: JsonValue | undefined = undefined;
  parameters: JsonValue | undefined = undefined;
  data: InputData | undefined = undefined;

  /** False if there is no such field, or it has been there before. */
  take(key: string, reader: JsonReader): boolean {
    if (key === "name" && this.name === undefined) this.name = reader.readValue();
    else if (key === "shape" && this.shape === undefined) this.shape = reader.readValue();
    else if (key === "datatype" && this.datatype === undefined) {
      this.datatype = reader.readValue();
    } else if (key === "parameters" && this.parameters === undefined) {
      this.parameters = reader.readValue();
    } else return false;
    return true;
  }

  /** Undefined if it is not known yet how to read the data, or if that would be refused. */
  plan(maxInputBytes: number): ElementsPlan | undefined {
    const { name, datatype, shape } = this;
    if (typeof name !== "string" || typeof datatype !== "string" || !isDatatype(datatype)) {
      return undefined;
    }
    if (!isJsonDatatype(datatype) || !isShape(shape)) return undefined;
    const count = elementCount(shape);
    const isTooLarge = count * Math.max(1, datatypes[datatype].byteSize) > maxInputBytes;
    return count > 0 && !isTooLarge ? { name, datatype, count } : undefined;
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
