/**
 * Value of one input in a request to generate: a scalar or a flat array, without datatype or shape.
 *
 * Both come from the model. The number of elements is shared out over the dimensions: those that
 * are fixed are divided out, the innermost free one takes the rest, every other free one is 1. So
 * numbers are counted before they are read, by their commas: then their memory is known, and a
 * shape that cannot be is told before an element that is wrong.
 *
 * An array without elements is a tensor without dimensions and without bytes.
 */
import { assert } from "../assert.ts";
import { type Datatype, datatypes } from "./datatype.ts";
import type { ReadElements } from "./element-sink.ts";
import { InferenceError } from "./errors.ts";
import { isJsonDatatype } from "./infer-request-document.ts";
import { ElementSteps } from "./json-elements.ts";
import type { JsonReader } from "./json-reader.ts";
import { SkipSteps } from "./json-skip.ts";
import type { ModelInput } from "./request-body.ts";
import { noJsonData, tooLarge } from "./request-faults.ts";
import { bytesPerStep, type Steps } from "./steps.ts";
import { type WireTensor, wireTensor } from "./tensor.ts";

export interface GenerateInputPlan {
  readonly input: ModelInput;
  readonly isBatching: boolean;
  readonly maxInputBytes: number;
  /** Of the inputs before this one. */
  readonly takenBytes: number;
}

export class GenerateInputSteps implements Steps<WireTensor | InferenceError> {
  readonly #reader: JsonReader;
  readonly #plan: GenerateInputPlan;
  readonly #dims: readonly number[];
  #counting: CountSteps | undefined;
  #shape: readonly number[] | undefined = undefined;
  #elements: ElementSteps | undefined = undefined;
  #fault: InferenceError | undefined = undefined;
  #skip: SkipSteps | undefined = undefined;

  /** With the reader before the value; at the end, also with a fault, it is behind it. */
  constructor(reader: JsonReader, plan: GenerateInputPlan) {
    const { dims } = plan.input;
    this.#reader = reader;
    this.#plan = plan;
    this.#dims = plan.isBatching ? [-1, ...dims] : dims;
    this.#counting = new CountSteps(reader);
  }

  /** Throws a JsonSyntaxError. */
  step(): WireTensor | InferenceError | undefined {
    if (this.#counting !== undefined) {
      const counted = this.#counting.step();
      if (counted === undefined) return undefined;
      this.#counting = undefined;
      this.#begin(counted);
    }
    if (this.#skip !== undefined) return this.#skip.step() && (this.#fault ?? this.#empty());
    const elements = this.#elements?.step();
    return elements && this.#finish(elements);
  }

  /** Decides how to go on: the elements, or only past the value. */
  #begin({ count, isFlat }: Counted): void {
    const { name, datatype } = this.#plan.input;
    const reader = this.#reader;
    if (isFlat && count > 0 && datatype !== "BYTES") this.#fault = this.#checkCount(count);
    if (count === 0 || this.#fault !== undefined) this.#skip = new SkipSteps(reader);
    else if (isJsonDatatype(datatype)) {
      this.#elements = new ElementSteps(reader, { name, datatype, count, isFlat: true });
    } else {
      this.#fault = noJsonData(name, datatype);
      this.#skip = new SkipSteps(reader);
    }
  }

  #finish(elements: ReadElements): WireTensor | InferenceError {
    if (elements instanceof InferenceError) return elements;
    const { name, datatype } = this.#plan.input;
    if (datatype === "BYTES") {
      const fault = this.#checkCount(this.#elements?.count ?? 0, elements.byteLength);
      if (fault !== undefined) return fault;
    }
    assert(this.#shape !== undefined, "numbers without a fault are a flat array");
    return wireTensor({ name, datatype, shape: this.#shape }, elements);
  }

  #empty(): WireTensor {
    return wireTensor({ ...this.#plan.input, shape: [] }, noBytes);
  }

  /** Finds the shape. */
  #checkCount(count: number, byteLength?: number): InferenceError | undefined {
    const { input, maxInputBytes, takenBytes } = this.#plan;
    const { name, datatype } = input;
    this.#shape = shapeFor(this.#dims, count);
    if (this.#shape === undefined) {
      const why = `The schema can not convert input '${name}' to tensor with proper shape`;
      return new InferenceError("INVALID_ARGUMENT", why);
    }
    const bytes = byteLength ?? bytesOf(datatype, count);
    const sum = takenBytes + bytes;
    if (sum <= maxInputBytes) return undefined;
    const what = `request size of ${sum} bytes with input '${name}' of size ${bytes} bytes`;
    return tooLarge(`${what} exceeds the maximum allowed input size of ${maxInputBytes}`);
  }
}

const noBytes = new Uint8Array(0);

function bytesOf(datatype: Datatype, count: number): number {
  return count * datatypes[datatype].byteSize;
}

/** Undefined: so many elements do not fit. */
export function shapeFor(dims: readonly number[], count: number): readonly number[] | undefined {
  let rest = count;
  for (const dimension of dims) {
    if (dimension === -1) continue;
    // Nothing divides by 0.
    if (!(rest % dimension === 0)) return undefined;
    rest /= dimension;
  }
  const innermost = dims.lastIndexOf(-1);
  if (innermost === -1 && rest !== 1) return undefined;
  return dims.map((dimension, index) => {
    if (dimension !== -1) return dimension;
    return index === innermost ? rest : 1;
  });
}

interface Counted {
  readonly count: number;
  /** Nothing was met that no flat array of numbers has. */
  readonly isFlat: boolean;
}

const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const quote = 34;
const comma = 44;

/** The elements of a value, if it is a flat array of numbers; else up to what is none. */
class CountSteps implements Steps<Counted> {
  readonly #bytes: Uint8Array;
  #offset: number;
  #commas = 0;
  readonly #isArray: boolean;
  readonly #isEmpty: boolean;

  /** Leaves the reader where it is: before the value. */
  constructor(reader: JsonReader) {
    this.#isArray = reader.isAtArray();
    const start = reader.offset;
    this.#bytes = reader.bytes;
    this.#offset = start + 1;
    this.#isEmpty = reader.enterArray() && reader.isEmptyArray();
    reader.offset = start;
  }

  step(): Counted | undefined {
    if (!this.#isArray) return { count: 1, isFlat: true };
    if (this.#isEmpty) return { count: 0, isFlat: true };
    const bytes = this.#bytes;
    const end = Math.min(bytes.length, this.#offset + bytesPerStep);
    for (let offset = this.#offset; offset < end; offset += 1) {
      const byte = bytes[offset];
      if (byte === comma) this.#commas += 1;
      else if (byte === closeBracket) return { count: this.#commas + 1, isFlat: true };
      else if (byte === quote || byte === openBracket || byte === openBrace) return this.#broken();
    }
    this.#offset = end;
    return end === bytes.length ? this.#broken() : undefined;
  }

  #broken(): Counted {
    return { count: this.#commas + 1, isFlat: false };
  }
}
