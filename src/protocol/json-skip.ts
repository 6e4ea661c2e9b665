/**
 * Skipping a value of JSON: its syntax is checked, and nothing is made of it.
 *
 * However deep it is nested: each level takes a bit here, and at least a byte of the text.
 */
import type { JsonReader } from "./json-reader.ts";
import { bytesPerStep, type Steps } from "./steps.ts";

const valuesPerStep = 8192;

export class SkipSteps implements Steps<true> {
  readonly #reader: JsonReader;
  readonly #open = new OpenValues();

  constructor(reader: JsonReader) {
    this.#reader = reader;
  }

  /** Throws a JsonSyntaxError. */
  step(): true | undefined {
    const end = this.#reader.offset + bytesPerStep;
    for (let count = 0; count < valuesPerStep && this.#reader.offset < end; count += 1) {
      if (this.#enter()) continue;
      if (!this.#leave()) return true;
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
    if (isObject ? reader.isEmptyObject() : reader.isEmptyArray()) return false;
    this.#open.push(isObject);
    if (isObject) reader.skipKey();
    return true;
  }

  /** A value has ended, and perhaps those that it was the last one of. False: all of them. */
  #leave(): boolean {
    const reader = this.#reader;
    for (; this.#open.depth > 0; this.#open.pop()) {
      const { isObject } = this.#open;
      const hasNext = isObject ? reader.hasNextMember() : reader.hasNextElement();
      if (hasNext && isObject) reader.skipKey();
      if (hasNext) return true;
    }
    return false;
  }
}

/** The arrays and objects that the reader is in: a bit for each, set if it is an object. */
class OpenValues {
  depth = 0;
  readonly #words: number[] = [];

  /** Is the innermost one an object? */
  get isObject(): boolean {
    const index = this.depth - 1;
    return (((this.#words[index >> 5] ?? 0) >> (index & 31)) & 1) === 1;
  }

  push(isObject: boolean): void {
    const bit = 1 << (this.depth & 31);
    const word = this.#words[this.depth >> 5] ?? 0;
    this.#words[this.depth >> 5] = isObject ? word | bit : word & ~bit;
    this.depth += 1;
  }

  pop(): void {
    this.depth -= 1;
  }
}
