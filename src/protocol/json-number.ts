/**
 * Numbers in JSON text, from bytes, without a string in between.
 *
 * Up to 15 digits of mantissa are exact in a double, and so are the powers of ten up to 22: one
 * multiplication or division of the two is correctly rounded. With more digits the value lies
 * between that of the first 15 and that of the next 15-digit number; rounding never changes the
 * order, so if both round to the same FP32 it is the right one. Everything else goes the slow way,
 * through `Number(text)`.
 *
 * Takes what RapidJSON takes: JSON's grammar, and NaN, Inf and Infinity.
 *
 * Invariant, checked by json-number.test.ts: the result is `Number(text)`, for FP32 its rounding.
 */
const exactPowers: Float64Array = Float64Array.from({ length: 23 }, (_, power) =>
  Number(`1e${power}`),
);

const exactDigits = 15;

const minus = 45;
const plus = 43;
const point = 46;
const zero = 48;
const nine = 57;

export const numberFaults = {
  invalid: "Invalid value.",
  fraction: "Miss fraction part in number.",
  exponent: "Miss exponent in number.",
  tooBig: "Number too big to be stored in double.",
} as const;

export type NumberFault = keyof typeof numberFaults;

export class NumberScanner {
  readonly bytes: Uint8Array;
  /** Values need only be right to the precision of FP32. */
  isSingle = false;
  /** Where the number begins; after `scan`, where it ended or where it is wrong. */
  offset = 0;
  value = 0;
  /** Neither a fraction nor an exponent, nor NaN and the like. */
  isInteger = false;
  /** Digits of the mantissa, leading zeros not counted. */
  digitCount = 0;
  fault: NumberFault = "invalid";
  /** Of the first 15 digits. */
  #mantissa = 0;
  #exponent = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** False: here is no number, see `fault` and `offset`. */
  scan(): boolean {
    const { bytes } = this;
    const start = this.offset;
    const isNegative = bytes[start] === minus;
    const first = isNegative ? start + 1 : start;
    this.#mantissa = 0;
    this.#exponent = 0;
    this.digitCount = 0;
    this.isInteger = true;
    const lead = bytes[first] ?? 0;
    if (lead < zero || lead > nine) return this.#scanWord(first, isNegative);
    let end = lead === zero ? first + 1 : this.#takeDigits(first);
    if (this.digitCount > exactDigits) this.#exponent = this.digitCount - exactDigits;
    if (bytes[end] === point) end = this.#takeFraction(end + 1);
    if (end > 0 && ((bytes[end] ?? 0) | 32) === 101) end = this.#takeExponent(end + 1);
    if (end < 0) return false;
    const size = this.#size(start, end);
    if (size === Number.POSITIVE_INFINITY) return this.#fail("tooBig", start);
    this.value = isNegative ? -size : size;
    this.offset = end;
    return true;
  }

  /** As written, from `start` to where the scan has ended. */
  textFrom(start: number): string {
    return asciiText(this.bytes, start, this.offset);
  }

  #takeDigits(from: number): number {
    const { bytes } = this;
    let mantissa = this.#mantissa;
    let count = this.digitCount;
    let offset = from;
    let digit = bytes[offset] ?? 0;
    while (digit >= zero && digit <= nine) {
      if (count < exactDigits) mantissa = mantissa * 10 + (digit - zero);
      count += 1;
      offset += 1;
      digit = bytes[offset] ?? 0;
    }
    this.#mantissa = mantissa;
    this.digitCount = count;
    return offset;
  }

  /** Negative: there is none. */
  #takeFraction(from: number): number {
    this.isInteger = false;
    let first = from;
    if (this.digitCount === 0) while (this.bytes[first] === zero) first += 1;
    const countBefore = Math.min(this.digitCount, exactDigits);
    const end = this.#takeDigits(first);
    if (end === from) return this.#failAt("fraction", from);
    this.#exponent -= first - from + Math.min(this.digitCount, exactDigits) - countBefore;
    return end;
  }

  /** Negative: there is none. */
  #takeExponent(from: number): number {
    const { bytes } = this;
    this.isInteger = false;
    const isNegative = bytes[from] === minus;
    const first = isNegative || bytes[from] === plus ? from + 1 : from;
    let exponent = 0;
    let offset = first;
    let digit = bytes[offset] ?? 0;
    while (digit >= zero && digit <= nine) {
      // Far beyond all doubles is far enough.
      if (exponent < 100_000_000) exponent = exponent * 10 + (digit - zero);
      offset += 1;
      digit = bytes[offset] ?? 0;
    }
    if (offset === first) return this.#failAt("exponent", offset);
    this.#exponent += isNegative ? -exponent : exponent;
    return offset;
  }

  /** The value without its sign. */
  #size(start: number, end: number): number {
    const mantissa = this.#mantissa;
    const exponent = this.#exponent;
    if (exponent < -22 || exponent > 22) return this.#sizeBySlowWay(start, end);
    const power = exactPowers[exponent < 0 ? -exponent : exponent] ?? 1;
    const low = exponent < 0 ? mantissa / power : mantissa * power;
    if (this.digitCount <= exactDigits) return low;
    const high = exponent < 0 ? (mantissa + 1) / power : (mantissa + 1) * power;
    if (this.isSingle && Math.fround(low) === Math.fround(high)) return low;
    return this.#sizeBySlowWay(start, end);
  }

  #sizeBySlowWay(start: number, end: number): number {
    return Math.abs(Number(asciiText(this.bytes, start, end)));
  }

  #scanWord(from: number, isNegative: boolean): boolean {
    this.isInteger = false;
    for (const [word, value] of words) {
      if (!startsWith(this.bytes, from, word)) continue;
      this.value = isNegative ? -value : value;
      this.offset = from + word.length;
      return true;
    }
    return this.#fail("invalid", from);
  }

  #fail(fault: NumberFault, offset: number): boolean {
    this.fault = fault;
    this.offset = offset;
    return false;
  }

  #failAt(fault: NumberFault, offset: number): number {
    this.#fail(fault, offset);
    return -1;
  }
}

/** The longer of two words that begin alike comes first. */
const words: readonly (readonly [string, number])[] = [
  ["Infinity", Number.POSITIVE_INFINITY],
  ["Inf", Number.POSITIVE_INFINITY],
  ["NaN", Number.NaN],
];

function startsWith(bytes: Uint8Array, offset: number, word: string): boolean {
  for (let index = 0; index < word.length; index += 1) {
    if (bytes[offset + index] !== word.charCodeAt(index)) return false;
  }
  return true;
}

/** A number's text may be as long as a body: in pieces, because arguments are limited. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let from = start; from < end; from += 4096) {
    text += String.fromCharCode(...bytes.subarray(from, Math.min(end, from + 4096)));
  }
  return text;
}
