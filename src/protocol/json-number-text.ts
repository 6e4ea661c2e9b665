/**
 * Numbers as JSON text, straight into bytes.
 *
 * FP32 is printed with the fewest digits that read back to the same value. Between a float and the
 * next one lies a gap; a multiple of 10^-k lies within half a gap for certain once 10^-k is at most
 * the gap. So there are two candidates only: that k, from a table by exponent, and one digit less,
 * which often succeeds too, and may end in zeros that are cut off. Both are tried by dividing
 * back: m / 10^k is correctly rounded while m < 2^53 and k <= 22, as whoever reads it rounds.
 *
 * Whole numbers below 2^31 are printed as they are. Outside of all that (below about 1e-15, beyond
 * 2^31, not finite) the slow way, through text.
 *
 * Invariant, checked by json-number-text.test.ts: reading the text gives the number, bit by bit.
 */

/** Bytes that one number can take at most: -0.0000012345678901234567 does. */
export const maxNumberLength = 25;

const mostExactPower = 22;
const powers: Float64Array = Float64Array.from({ length: mostExactPower + 1 }, (_, power) =>
  Number(`1e${power}`),
);

/** By the exponent bits of an FP32: the least k with 10^-k at most the gap to the next float. */
const decimalsByExponent: Uint8Array = Uint8Array.from({ length: 256 }, (_, exponent) => {
  const gap = 2 ** (Math.max(exponent, 1) - 150);
  return Math.max(1, Math.ceil(-Math.log10(gap)));
});

/** "00", "01", ... "99". */
const digitPairs: Uint8Array = Uint8Array.from({ length: 200 }, (_, index) => {
  const value = index >> 1;
  return 48 + (index % 2 === 0 ? Math.floor(value / 10) : value % 10);
});

const mostInt32 = 0x7fff_ffff;
const smallestNormal = 2 ** -126;

const minus = 45;
const point = 46;
const zero = 48;

/** `bits` are those of `value`. Returns where the text ends. */
export function putFloat32(bytes: Uint8Array, at: number, value: number, bits: number): number {
  const size = Math.abs(value);
  const whole = size | 0;
  const isWhole = whole === size && size > 0;
  const most = decimalsByExponent[(bits >>> 23) & 0xff] ?? 0;
  if (!isWhole && (most > mostExactPower || size >= mostInt32 || !(size > 0))) {
    return putText(bytes, at, textOfFloat32(value));
  }
  let offset = at;
  if (value < 0) {
    bytes[offset] = minus;
    offset += 1;
  }
  if (isWhole) return putDigits(bytes, offset, whole);
  const shorter = mantissaOf(size, most - 1);
  if (shorter > 0) return putShort(bytes, offset, shorter, most - 1);
  const longer = mantissaOf(size, most);
  if (longer > 0) return putDecimal(bytes, offset, longer, most);
  return putText(bytes, at, textOfFloat32(value));
}

/** m with m / 10^decimals = size, to the precision of FP32; 0 if there is none. */
function mantissaOf(size: number, decimals: number): number {
  const power = powers[decimals] ?? 1;
  const mantissa = (size * power + 0.5) | 0;
  return Math.fround(mantissa / power) === size ? mantissa : 0;
}

export function putFloat64(bytes: Uint8Array, at: number, value: number): number {
  const whole = value | 0;
  if (whole === value && value > 0) return putDigits(bytes, at, whole);
  return putText(bytes, at, textOf(value));
}

export function putInteger(bytes: Uint8Array, at: number, value: number | bigint): number {
  const number = Number(value);
  if (number > mostInt32 || number < -mostInt32) return putText(bytes, at, String(value));
  if (number >= 0) return putDigits(bytes, at, number);
  bytes[at] = minus;
  return putDigits(bytes, at + 1, -number);
}

/** ASCII only. */
export function putText(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) bytes[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** A number of JSON, or the tokens that stand for what JSON has no number for. */
export function textOf(value: number): string {
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function textOfFloat32(value: number): string {
  const fewest = Math.abs(value) < smallestNormal ? 1 : 6;
  for (let digits = fewest; digits <= 9 && Number.isFinite(value) && value !== 0; digits += 1) {
    const candidate = Number(value.toPrecision(digits));
    if (Math.fround(candidate) === value) return textOf(candidate);
  }
  return textOf(value);
}

/** mantissa / 10^decimals, without the zeros that it may end in. */
function putShort(bytes: Uint8Array, at: number, mantissa: number, decimals: number): number {
  let digits = mantissa;
  let count = decimals;
  while (digits % 10 === 0) {
    digits = (digits / 10) | 0;
    count -= 1;
  }
  return count === 0 ? putDigits(bytes, at, digits) : putDecimal(bytes, at, digits, count);
}

/** digits / 10^decimals, with one decimal at least. */
function putDecimal(bytes: Uint8Array, at: number, digits: number, decimals: number): number {
  const length = digitCount(digits);
  if (decimals - length > 5) return putScientific(bytes, at, digits, decimals);
  const power = powers[decimals] ?? 1;
  const whole = decimals < length ? (digits / power) | 0 : 0;
  const pointAt = whole < 10 ? at + 1 : at + digitCount(whole);
  putPadded(bytes, at, pointAt, whole);
  bytes[pointAt] = point;
  return putPadded(bytes, pointAt + 1, pointAt + 1 + decimals, digits - whole * power);
}

/** 1.25e-7 */
function putScientific(bytes: Uint8Array, at: number, digits: number, decimals: number): number {
  const length = digitCount(digits);
  const end =
    length === 1 ? putDigits(bytes, at, digits) : putDecimal(bytes, at, digits, length - 1);
  return putDigits(bytes, putText(bytes, end, "e-"), decimals - length + 1);
}

function putDigits(bytes: Uint8Array, at: number, value: number): number {
  return putPadded(bytes, at, at + digitCount(value), value);
}

/** With zeros in front, so that it fills the place. */
function putPadded(bytes: Uint8Array, at: number, end: number, value: number): number {
  let left = value | 0;
  let offset = end;
  while (left >= 100) {
    const rest = (left / 100) | 0;
    const pair = 2 * (left - 100 * rest);
    offset -= 2;
    bytes[offset] = digitPairs[pair] ?? 0;
    bytes[offset + 1] = digitPairs[pair + 1] ?? 0;
    left = rest;
  }
  while (offset > at) {
    const rest = (left / 10) | 0;
    offset -= 1;
    bytes[offset] = zero + left - 10 * rest;
    left = rest;
  }
  return end;
}

/** Of a whole number below 2^31: from its bits, as log10(2) is about 1233 / 4096. */
function digitCount(value: number): number {
  const odd = value | 1;
  const guess = ((32 - Math.clz32(odd)) * 1233) >> 12;
  return odd < (powers[guess] ?? 0) ? guess : guess + 1;
}
