/**
 * Elements of a tensor in JSON: `data`, flat or nested in any way, straight into the bytes of the
 * wire's layout.
 *
 * Elements are read one by one, in one pass. The first one that does not fit (another type, out
 * of range, too many, nested too deep) is the fault of the tensor; from there on only the syntax
 * is checked, because a text that is not JSON is told first, wherever it goes wrong.
 *
 * Not here: what surrounds the data of an input (infer-request-document.ts), which element is what
 * (json-numeric-elements.ts, json-string-elements.ts).
 */
import type { Datatype } from "./datatype.ts";
import type { ElementSink, ReadElements } from "./element-sink.ts";
import { InferenceError } from "./errors.ts";
import { NumericElements, type NumericPlan, tooMany } from "./json-numeric-elements.ts";
import { type JsonReader, maxDepth, nestingTooDeep } from "./json-reader.ts";
import { SkipSteps } from "./json-skip.ts";
import { noString, StringElements } from "./json-string-elements.ts";
import { bytesPerStep, type Steps } from "./steps.ts";

/** Those that JSON can carry. */
export type JsonDatatype = Exclude<Datatype, "FP16" | "BF16">;

export interface ElementsPlan {
  readonly name: string;
  readonly datatype: JsonDatatype;
  /** Expected; of BYTES as many are taken as come. */
  readonly count: number;
  /** Default false. True: one element by itself, or one array of them without others in it. */
  readonly isFlat?: boolean;
}

const elementsPerStep = 8192;
/** One that is taken by itself counts as several of those that are taken in runs. */
const singleCost = 4;

export class ElementSteps implements Steps<ReadElements> {
  readonly #reader: JsonReader;
  readonly #datatype: Datatype;
  readonly #isFlat: boolean;
  readonly #sink: ElementSink;
  /** Arrays that the reader is in. */
  #depth = 0;
  #isOver = false;
  #fault: InferenceError | undefined = undefined;
  /** An element that is being skipped, after the fault. */
  #skip: SkipSteps | undefined = undefined;

  /** With the reader before an array; if the plan is flat, before any value. */
  constructor(reader: JsonReader, plan: ElementsPlan) {
    this.#reader = reader;
    this.#datatype = plan.datatype;
    this.#isFlat = plan.isFlat ?? false;
    this.#sink = isNumericPlan(plan) ? new NumericElements(plan, reader) : new StringElements();
  }

  /** Taken so far. */
  get count(): number {
    return this.#sink.count;
  }

  /** Throws a JsonSyntaxError. */
  step(): ReadElements | undefined {
    const end = this.#reader.offset + bytesPerStep;
    for (let count = 0; count < elementsPerStep && !this.#isOver; count += 1) {
      if (this.#reader.offset >= end) break;
      if (this.#skip === undefined && this.#reader.enterArray()) this.#enter();
      else if (this.#fault === undefined) count += this.#takeElements(elementsPerStep - count);
      else if (!this.#skipElement()) return undefined;
    }
    if (!this.#isOver) return undefined;
    return this.#fault ?? this.#sink.finish();
  }

  /** An array has begun. */
  #enter(): void {
    this.#depth += 1;
    if (this.#isFlat && this.#depth > 1) this.#fault ??= notFlat(this.#datatype);
    else if (this.#depth > maxDepth) this.#fault ??= tooDeep(this.#datatype);
    if (!this.#reader.isEmptyArray()) return;
    this.#depth -= 1;
    this.#leave();
  }

  /** A run of them, or one; returns as how many more they count. */
  #takeElements(limit: number): number {
    // Behind an element by itself stands nothing that is its own.
    const runLength = this.#depth > 0 ? this.#sink.takeRun(this.#reader, limit) : 0;
    if (runLength > 0) return runLength;
    this.#fault = this.#sink.take(this.#reader);
    if (this.#fault === undefined) this.#leave();
    return singleCost - 1;
  }

  /** False: the element is longer than a step. */
  #skipElement(): boolean {
    this.#skip ??= new SkipSteps(this.#reader);
    if (this.#skip.step() === undefined) return false;
    this.#skip = undefined;
    this.#leave();
    return true;
  }

  /** Behind a value: out of the arrays that end here. */
  #leave(): void {
    while (this.#depth > 0 && !this.#reader.hasNextElement()) this.#depth -= 1;
    this.#isOver = this.#depth === 0;
  }
}

function isNumericPlan(plan: ElementsPlan): plan is NumericPlan {
  return plan.datatype !== "BYTES";
}

function notFlat(datatype: Datatype): InferenceError {
  return datatype === "BYTES" ? noString() : tooMany();
}

function tooDeep(datatype: Datatype): InferenceError {
  const prefix = datatype === "BYTES" ? "" : "Unable to parse 'data': ";
  return new InferenceError("INVALID_ARGUMENT", prefix + nestingTooDeep);
}
