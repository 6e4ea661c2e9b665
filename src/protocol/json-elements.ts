/**
 * Elements of a tensor in JSON: `data`, flat or nested in any way, straight into the bytes of the
 * wire's layout.
 *
 * Elements are read one by one, in one pass. The first one that does not fit (another type, out
 * of range, too many) is the fault of the tensor; from there on only the syntax is checked,
 * because a text that is not JSON is told first, wherever it goes wrong.
 *
 * Not here: what surrounds the data of an input (infer-request-document.ts), which element is what
 * (json-numeric-elements.ts).
 */
import type { Datatype } from "./datatype.ts";
import type { ElementSink, ReadElements } from "./element-sink.ts";
import { InferenceError } from "./errors.ts";
import { NumericElements } from "./json-numeric-elements.ts";
import { type JsonReader, maxDepth, nestingTooDeep } from "./json-reader.ts";
import { SkipSteps } from "./json-skip.ts";
import { packBytes } from "./packed-bytes.ts";
import type { Steps } from "./steps.ts";

/** Those that JSON can carry. */
export type JsonDatatype = Exclude<Datatype, "FP16" | "BF16">;

export interface ElementsPlan {
  readonly name: string;
  readonly datatype: JsonDatatype;
  /** Expected; of BYTES as many are taken as come. */
  readonly count: number;
}

const elementsPerStep = 8192;

export class ElementSteps implements Steps<ReadElements> {
  readonly #reader: JsonReader;
  readonly #datatype: Datatype;
  readonly #sink: ElementSink;
  /** Arrays that the reader is in. */
  #depth = 0;
  #isOver = false;
  #fault: InferenceError | undefined = undefined;
  /** An element that is being skipped, after the fault. */
  #skip: SkipSteps | undefined = undefined;

  /** With the reader before an array. */
  constructor(reader: JsonReader, plan: ElementsPlan) {
    const { datatype } = plan;
    this.#reader = reader;
    this.#datatype = datatype;
    this.#sink =
      datatype === "BYTES"
        ? new StringElements()
        : new NumericElements({ ...plan, datatype }, reader);
  }

  /** Throws a JsonSyntaxError, or INVALID_ARGUMENT if it is nested too deep. */
  step(): ReadElements | undefined {
    for (let count = 0; count < elementsPerStep && !this.#isOver; count += 1) {
      if (this.#fault === undefined) this.#takeElement();
      else if (!this.#skipElement()) return undefined;
    }
    if (!this.#isOver) return undefined;
    return this.#fault ?? this.#sink.finish();
  }

  #takeElement(): void {
    if (!this.#enter()) return;
    this.#fault = this.#sink.take(this.#reader);
    if (this.#fault === undefined) this.#leave();
  }

  /** False: the element is longer than a step. */
  #skipElement(): boolean {
    if (this.#skip === undefined && !this.#enter()) return true;
    this.#skip ??= new SkipSteps(this.#reader);
    if (this.#skip.step() === undefined) return false;
    this.#skip = undefined;
    this.#leave();
    return true;
  }

  /** Into the arrays that begin here. False if there is no element, but an empty array. */
  #enter(): boolean {
    const reader = this.#reader;
    const depthBefore = this.#depth;
    while (reader.enterArray()) {
      this.#depth += 1;
      if (this.#depth > maxDepth) throw tooDeep(this.#datatype);
    }
    if (this.#depth === depthBefore || !reader.isEmptyArray()) return true;
    this.#depth -= 1;
    this.#leave();
    return false;
  }

  /** Behind a value: out of the arrays that end here. */
  #leave(): void {
    while (this.#depth > 0 && !this.#reader.hasNextElement()) this.#depth -= 1;
    this.#isOver = this.#depth === 0;
  }
}

/** BYTES: UTF-8, packed as on the wire. */
class StringElements implements ElementSink {
  readonly #elements: Uint8Array[] = [];

  take(reader: JsonReader): InferenceError | undefined {
    if (reader.isAtString()) {
      this.#elements.push(reader.readStringBytes());
      return undefined;
    }
    const why = "Unable to parse JSON bytes array: attempt to access JSON non-string as string";
    return new InferenceError("INTERNAL", why);
  }

  finish(): Uint8Array {
    return packBytes(this.#elements);
  }
}

function tooDeep(datatype: Datatype): InferenceError {
  const prefix = datatype === "BYTES" ? "" : "Unable to parse 'data': ";
  return new InferenceError("INVALID_ARGUMENT", prefix + nestingTooDeep);
}
