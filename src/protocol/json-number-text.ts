/**
 * Numbers as JSON text, straight into bytes.
 *
 * FP32 is printed with the fewest digits that read back to the same value. Between a float and the
 * next one lies a gap; a multiple of 10^-k lies within half a gap for certain once 10^-k is at most
 * the gap. So there are two candidates only: that k, from a table by exponent, and one digit less,
 * which often succeeds too, and may end in zeros that are cut off. Both are tried by dividing
 * back: m / 10^k is correctly rounded while m < 2^53 and k <= 22, as whoever reads it rounds.
 *
 * Outside of that (below about 1e-15, beyond 2^31, not finite) the slow way, through text.
 *
 * Invariant, checked by json-number-text.test.ts: reading the text gives the number, bit by bit.
 */

/** Bytes that one number can take at most. */
export const maxNumberLength = 24;

const mostExactPower = 22;
const powers: Float64Array = Float64Array.from({ length: mostExactPower + 1 }, (_, power) =>
  Number(`1e${power}`),
);

/** By the exponent bits of an FP32: the least k with 10^-k at most the gap to the next float. */
const decimalsByExponent: Uint8Array = Uint8Array.from({ length: 256 }, (_, exponent) => {
  const gap = 2 ** (Math.max(exponent, 1) - 150);
  return Math.max(1, Math.ceil(-Math.log10(gap)));
});

const mostInt32 = 0x7fff_ffff;
const smallestNormal = 2 ** -126;

const minus = 45;
const point = 46;
const zero = 48;

/** `bits` are those of `value`. Returns where the text ends. */
export function putFloat32(bytes: Uint8Array, at: number, value: number, bits: number): number {
  let offset = at;
  if (value < 0) {
    bytes[offset] = minus;
    offset += 1;
  }
  const size = Math.abs(value);
  const whole = size | 0;
  if (whole === size && size > 0) return putDigits(bytes, offset, whole);
  const most = decimalsByExponent[(bits >>> 23) & 0xff] ?? 0;
  if (most > mostExactPower || size >= mostInt32 || !(size > 0)) {
    return putText(bytes, at, textOfFloat32(value));
  }
  for (let decimals = most - 1; decimals <= most; decimals += 1) {
    const power = powers[decimals] ?? 1;
    const mantissa = (size * power + 0.5) | 0;
    if (Math.fround(mantissa / power) === size) {
      return putDecimal(bytes, offset, mantissa, decimals);
    }
  }
  return putText(bytes, at, textOfFloat32(value));
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

/** mantissa / 10^decimals, which is above 0 and has at least one decimal before zeros are cut. */
function putDecimal(bytes: Uint8Array, at: number, mantissa: number, decimals: number): number {
  let digits = mantissa;
  let count = decimals;
  while (digits % 10 === 0) {
    digits = (digits / 10) | 0;
    count -= 1;
  }
  const length = digitCount(digits);
  if (count < length) return putFixed(bytes, at, digits, count);
  if (count - length > 5) return putScientific(bytes, at, digits, count);
  let offset = at;
  bytes[offset] = zero;
  bytes[offset + 1] = point;
  offset += 2;
  for (let index = length; index < count; index += 1) {
    bytes[offset] = zero;
    offset += 1;
  }
  return putDigits(bytes, offset, digits);
}

/** With at least one digit before the point. */
function putFixed(bytes: Uint8Array, at: number, digits: number, decimals: number): number {
  const end = putDigits(bytes, at, digits);
  if (decimals === 0) return end;
  const pointAt = end - decimals;
  bytes.copyWithin(pointAt + 1, pointAt, end);
  bytes[pointAt] = point;
  return end + 1;
}

/** 1.25e-7 */
function putScientific(bytes: Uint8Array, at: number, digits: number, decimals: number): number {
  const length = digitCount(digits);
  const end = putFixed(bytes, at, digits, length - 1);
  return putDigits(bytes, putText(bytes, end, "e-"), decimals - length + 1);
}

function putDigits(bytes: Uint8Array, at: number, value: number): number {
  const end = at + digitCount(value);
  let left = value;
  for (let offset = end - 1; offset >= at; offset -= 1) {
    const rest = (left / 10) | 0;
    bytes[offset] = zero + left - rest * 10;
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
