/**
 * FP16 and BF16: floats of 16 bits, to and from numbers, rounded to the nearest, ties to even.
 *
 *   FP16  1 sign, 5 exponent, 10 mantissa bits   largest 65,504
 *   BF16  1 sign, 8 exponent,  7 mantissa bits   largest 3.39e38: the upper half of an FP32
 *
 * A number is rounded once, straight from its 64 bits: a detour over FP32 would round twice.
 */
export type SmallFloat = "FP16" | "BF16";

interface Format {
  readonly mantissaBits: number;
  /** Also the exponent of the smallest normal number is 1 - bias. */
  readonly bias: number;
}

const formats: Readonly<Record<SmallFloat, Format>> = {
  FP16: { mantissaBits: 10, bias: 15 },
  BF16: { mantissaBits: 7, bias: 127 },
};

export function toSmallFloatBits(datatype: SmallFloat, value: number): number {
  const { mantissaBits, bias } = formats[datatype];
  const infinity = (2 * bias + 1) << mantissaBits;
  if (Number.isNaN(value)) return infinity | (1 << (mantissaBits - 1));
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  // Where the logarithm is rounded up, so is the number; of infinity it is as large as it gets.
  const exponent = Math.max(Math.min(Math.floor(Math.log2(magnitude)), 1023), 1 - bias);
  // In units of the last mantissa bit: exact, a power of two. Subnormal numbers stay below 2^bits.
  const units = roundTiesToEven(magnitude * 2 ** (mantissaBits - exponent));
  // The hidden bit, if it is there, and a carry out of rounding both add one to the exponent.
  const bits = ((exponent + bias - 1) << mantissaBits) + units;
  return sign | Math.min(bits, infinity);
}

export function fromSmallFloatBits(datatype: SmallFloat, bits: number): number {
  const { mantissaBits, bias } = formats[datatype];
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits & 0x7fff) >> mantissaBits;
  const mantissa = bits & ((1 << mantissaBits) - 1);
  if (exponent === 2 * bias + 1) {
    return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  }
  // The hidden bit; subnormal numbers have none, and the exponent of the smallest that have.
  const units = exponent === 0 ? mantissa : mantissa + 2 ** mantissaBits;
  return sign * units * 2 ** (Math.max(exponent, 1) - bias - mantissaBits);
}

/** Of a number below 2^52: beyond it floats have no fraction, so that the sum rounds. */
function roundTiesToEven(value: number): number {
  return value + 2 ** 52 - 2 ** 52;
}
