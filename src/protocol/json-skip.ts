/**
 * Skipping a value of JSON: its syntax is checked, and nothing is made of it.
 */
import { InferenceError } from "./errors.ts";
import { type JsonReader, maxDepth, nestingTooDeep } from "./json-reader.ts";
import type { Steps } from "./steps.ts";

const valuesPerStep = 8192;

export class SkipSteps implements Steps<true> {
  readonly #reader: JsonReader;
  /** For each array or object that the reader is in: is it an object? */
  readonly #isObject: boolean[] = [];

  constructor(reader: JsonReader) {
    this.#reader = reader;
  }

  /** Throws a JsonSyntaxError, or INVALID_ARGUMENT for what is nested too deep. */
  step(): true | undefined {
    for (let count = 0; count < valuesPerStep; count += 1) {
      if (this.#enter()) continue;
      this.#leave();
      if (this.#isObject.length === 0) return true;
    }
    return undefined;
  }

  /** True if a value begins here that has others in it, and the first of them comes next. */
  #enter(): boolean {
    const reader = this.#reader;
    const isObject = reader.enterObject();
    if (!isObject && !reader.enterArray()) {
      reader.skipScalar();
      return false;
    }
    if (this.#isObject.length >= maxDepth) {
      throw new InferenceError("INVALID_ARGUMENT", nestingTooDeep);
    }
    if (isObject ? reader.isEmptyObject() : reader.isEmptyArray()) return false;
    this.#isObject.push(isObject);
    if (isObject) reader.skipKey();
    return true;
  }

  /** A value has ended, and perhaps those that it was the last one of. */
  #leave(): void {
    const reader = this.#reader;
    for (let isObject = this.#isObject.at(-1); isObject !== undefined; ) {
      const hasNext = isObject ? reader.hasNextMember() : reader.hasNextElement();
      if (hasNext && isObject) reader.skipKey();
      if (hasNext) return;
      this.#isObject.pop();
      isObject = this.#isObject.at(-1);
    }
  }
}
