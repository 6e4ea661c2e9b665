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
const mostExact = 1e15;

const minus = 45;
const plus = 43;
const point = 46;
const letterE = 101;
const letterBigE = 69;
const zero = 48;
const nine = 57;
const letterN = 78;

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

  /**
   * The quick way for what most numbers are: no exponent, few digits. Returns where it ends;
   * negative: it is something else, or needs care.
   */
  scanPlain(start: number): number {
    const { bytes } = this;
    const isNegative = bytes[start] === minus;
    let offset = isNegative ? start + 1 : start;
    let byte = bytes[offset] ?? 0;
    let mantissa = byte - zero;
    if (mantissa < 0 || mantissa > 9) return -1;
    offset += 1;
    byte = bytes[offset] ?? 0;
    while (byte >= zero && byte <= nine && mantissa > 0) {
      mantissa = mantissa * 10 + (byte - zero);
      offset += 1;
      byte = bytes[offset] ?? 0;
    }
    if (mantissa >= mostExact || byte === letterE || byte === letterBigE) return -1;
    if (byte === point) return this.#scanPlainFraction(offset + 1, mantissa, isNegative);
    this.isInteger = true;
    this.value = isNegative ? -mantissa : mantissa;
    return offset;
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

  #scanPlainFraction(from: number, whole: number, isNegative: boolean): number {
    const { bytes } = this;
    let mantissa = whole;
    let offset = from;
    let byte = bytes[offset] ?? 0;
    while (byte >= zero && byte <= nine && mantissa < mostExact / 10) {
      mantissa = mantissa * 10 + (byte - zero);
      offset += 1;
      byte = bytes[offset] ?? 0;
    }
    const decimals = offset - from;
    const power = exactPowers[decimals] ?? 0;
    if (decimals === 0 || power === 0) return -1;
    const end = this.#skipDigits(offset);
    if (end > offset && !this.#isCertain(mantissa, power)) return -1;
    byte = bytes[end] ?? 0;
    if (byte === letterE || byte === letterBigE) return -1;
    this.isInteger = false;
    this.value = (isNegative ? -mantissa : mantissa) / power;
    return end;
  }

  /** Do digits behind these make no difference? As explained above. */
  #isCertain(mantissa: number, power: number): boolean {
    return this.isSingle && Math.fround(mantissa / power) === Math.fround((mantissa + 1) / power);
  }

  #skipDigits(from: number): number {
    let offset = from;
    let byte = this.bytes[offset] ?? 0;
    while (byte >= zero && byte <= nine) {
      offset += 1;
      byte = this.bytes[offset] ?? 0;
    }
    return offset;
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
    const hasN = this.bytes[from] === letterN;
    const word = hasN ? "NaN" : "Infinity";
    const matched = commonLength(this.bytes, from, word);
    if (matched < word.length && (hasN || matched !== "Inf".length)) {
      return this.#fail("invalid", from + matched);
    }
    const size = hasN ? Number.NaN : Number.POSITIVE_INFINITY;
    this.value = isNegative ? -size : size;
    this.offset = from + matched;
    return true;
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

/** How many letters of the word are here. */
function commonLength(bytes: Uint8Array, offset: number, word: string): number {
  let length = 0;
  while (length < word.length && bytes[offset + length] === word.charCodeAt(length)) length += 1;
  return length;
}

/** A number's text may be as long as a body: in pieces, because arguments are limited. */
function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let from = start; from < end; from += 4096) {
    text += String.fromCharCode(...bytes.subarray(from, Math.min(end, from + 4096)));
  }
  return text;
}
