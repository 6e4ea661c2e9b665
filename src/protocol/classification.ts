/**
 * Classification: of each row of a numeric output the largest values, as texts.
 *
 *   FP32 [rows, ...]  ──>  BYTES [rows, k], each `value:index` or `value:index:label`
 *
 * Descending; of equal values the one with the lower index comes first, NaN after all numbers. A row
 * that has fewer elements than classes were asked for gives as many as it has.
 *
 * A row's best are kept in a heap while its elements pass, each once: most are smaller than the
 * smallest of them, and that is all that is asked of them.
 *
 * Not here: when it is done, and where labels come from (core/classified-request.ts).
 */

import { classValue } from "./class-values.ts";
import type { Datatype } from "./datatype.ts";
import { datatypes } from "./datatype.ts";
import { InferenceError } from "./errors.ts";
import { elementCount } from "./shape.ts";
import { joinBytes } from "./sliced-bytes.ts";
import type { Steps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";
import { type NumericDatatype, typedArrays } from "./typed-arrays.ts";

export interface ClassOptions {
  /** Most classes of a row. */
  readonly count: number;
  /** The first dimension counts rows; else all is one. */
  readonly isBatched: boolean;
  /** By index; "", or none: that class has no label. */
  readonly labels: readonly string[];
}

const mostRowElements = 1_000_000;

/** In elements that pass: a millisecond, or less. */
const workPerStep = 128 * 1024;
const scannedAtOnce = 4096;
const writtenAtOnce = 128;
/** What a text takes, or a place of it in the order, in elements that pass. */
const textWork = 32;

export class ClassifySteps implements Steps<WireTensor> {
  readonly #name: string;
  readonly #options: ClassOptions;
  readonly #isFloat: boolean;
  readonly #values: Values;
  readonly #rows: number;
  readonly #rowElements: number;
  readonly #best: Best;
  readonly #texts: PackedTexts;
  #row = 0;
  /** Elements of the row that have passed. */
  #passed = 0;
  /** Of its texts. */
  #written = 0;

  /** Throws INVALID_ARGUMENT for what cannot be classified. */
  constructor(output: WireTensor, options: ClassOptions) {
    const { name, datatype, shape, chunks, byteLength } = output;
    if (!isClassifiable(datatype)) {
      throw invalid(`class result not available for output due to unsupported type '${datatype}'`);
    }
    const [rows = 1] = options.isBatched ? shape : [];
    const rowElements = elementCount(options.isBatched ? shape.slice(1) : shape);
    if (rowElements > mostRowElements) throw invalid("classification output tensor too large");
    const { byteSize } = datatypes[datatype];
    const bytes = joinBytes(chunks, byteLength, byteSize);
    const count = byteLength / byteSize;
    this.#name = name;
    this.#options = options;
    this.#isFloat = datatype === "FP32" || datatype === "FP64";
    this.#values = new typedArrays[datatype](bytes.buffer, bytes.byteOffset, count);
    this.#rows = rows;
    this.#rowElements = rowElements;
    this.#best = new Best(this.#values, Math.min(options.count, rowElements));
    this.#texts = new PackedTexts(rows * this.#best.size);
  }

  step(): WireTensor | undefined {
    for (let work = 0; this.#row < this.#rows; work += this.#goOn()) {
      if (work >= workPerStep) return undefined;
    }
    const { size } = this.#best;
    const shape = this.#options.isBatched ? [this.#rows, size] : [size];
    const { chunks, byteLength } = this.#texts.end();
    return { name: this.#name, datatype: "BYTES", shape, chunks, byteLength };
  }

  /** Returns what it took. */
  #goOn(): number {
    const best = this.#best;
    const start = this.#row * this.#rowElements;
    if (this.#passed < this.#rowElements) {
      const to = Math.min(this.#rowElements, this.#passed + scannedAtOnce);
      best.pass(start + this.#passed, start + to);
      this.#passed = to;
      return scannedAtOnce;
    }
    if (best.heaped > 0) return textWork * best.order(writtenAtOnce);
    const to = Math.min(best.size, this.#written + writtenAtOnce);
    for (; this.#written < to; this.#written += 1) this.#write(best.at(this.#written), start);
    if (to === best.size) this.#nextRow();
    return textWork * writtenAtOnce;
  }

  #write(at: number, start: number): void {
    const index = at - start;
    const value = classValue(this.#values[at] ?? 0, this.#isFloat);
    const { [index]: label = "" } = this.#options.labels;
    this.#texts.add(label === "" ? `${value}:${index}` : `${value}:${index}:${label}`);
  }

  #nextRow(): void {
    this.#row += 1;
    this.#passed = 0;
    this.#written = 0;
  }
}

type Values = ArrayLike<number> | ArrayLike<bigint>;

/** The places of the best values: first as a heap with the last of them on top, then in order. */
class Best {
  /** How many there will be. */
  readonly size: number;
  readonly #values: Values;
  readonly #places: Uint32Array;
  heaped = 0;

  constructor(values: Values, size: number) {
    this.size = size;
    this.#values = values;
    this.#places = new Uint32Array(size);
  }

  at(rank: number): number {
    return this.#places[rank] ?? 0;
  }

  pass(from: number, to: number): void {
    const places = this.#places;
    let place = from;
    for (; place < to && this.heaped < this.size; place += 1) this.#push(place);
    for (; place < to; place += 1) {
      if (!this.#isBefore(place, places[0] ?? 0)) continue;
      places[0] = place;
      this.#sink(this.heaped);
    }
  }

  /** So many of them, from the last place on. Returns how many it were. */
  order(most: number): number {
    const places = this.#places;
    const count = Math.min(most, this.heaped);
    for (let done = 0; done < count; done += 1) {
      this.heaped -= 1;
      const last = places[0] ?? 0;
      places[0] = places[this.heaped] ?? 0;
      places[this.heaped] = last;
      this.#sink(this.heaped);
    }
    return count;
  }

  #push(place: number): void {
    const places = this.#places;
    let at = this.heaped;
    this.heaped += 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = places[parent] ?? 0;
      if (!this.#isBefore(above, place)) break;
      places[at] = above;
      at = parent;
    }
    places[at] = place;
  }

  /** What is on top, to where it belongs among the first `count`. */
  #sink(count: number): void {
    const places = this.#places;
    const place = places[0] ?? 0;
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      const isRightLater =
        child + 1 < count && this.#isBefore(places[child] ?? 0, places[child + 1] ?? 0);
      const later = isRightLater ? child + 1 : child;
      if (!this.#isBefore(place, places[later] ?? 0)) break;
      places[at] = places[later] ?? 0;
      at = later;
    }
    if (count > 0) places[at] = place;
  }

  #isBefore(one: number, other: number): boolean {
    const value = this.#values[one] ?? 0;
    const than = this.#values[other] ?? 0;
    if (value > than) return true;
    if (value < than) return false;
    const isNone = Number.isNaN(value);
    return isNone === Number.isNaN(than) ? one < other : !isNone;
  }
}

/** BYTES in the wire's layout, growing. */
class PackedTexts {
  readonly #chunks: Uint8Array[] = [];
  #chunk: Uint8Array;
  #offset = 0;
  #byteLength = 0;

  constructor(expectedCount: number) {
    this.#chunk = new Uint8Array(Math.min(chunkBytes, expectedCount * expectedBytes));
  }

  add(text: string): void {
    const mostBytes = 4 + 3 * text.length;
    if (this.#offset + mostBytes > this.#chunk.byteLength) {
      this.#flush();
      this.#chunk = new Uint8Array(Math.max(chunkBytes, mostBytes));
    }
    const chunk = this.#chunk;
    const at = this.#offset;
    const { written } = encoder.encodeInto(text, chunk.subarray(at + 4));
    new DataView(chunk.buffer, at, 4).setUint32(0, written, true);
    this.#offset = at + 4 + written;
  }

  end(): Pick<WireTensor, "chunks" | "byteLength"> {
    this.#flush();
    return { chunks: this.#chunks, byteLength: this.#byteLength };
  }

  #flush(): void {
    if (this.#offset > 0) this.#chunks.push(this.#chunk.subarray(0, this.#offset));
    this.#byteLength += this.#offset;
    this.#offset = 0;
  }
}

const encoder = new TextEncoder();
const chunkBytes = 64 * 1024;
const expectedBytes = 96;

function isClassifiable(datatype: Datatype): datatype is NumericDatatype {
  return !["BYTES", "BOOL", "FP16", "BF16"].includes(datatype);
}

function invalid(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}
