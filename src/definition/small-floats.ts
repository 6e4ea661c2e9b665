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
  const exponent = Math.max(exponentOf(magnitude), 1 - bias);
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
  if (exponent === 0) return sign * mantissa * 2 ** (1 - bias - mantissaBits);
  return sign * (mantissa + 2 ** mantissaBits) * 2 ** (exponent - bias - mantissaBits);
}

const float64 = new Float64Array(1);
const words = new Uint32Array(float64.buffer);

/** Of 0 and a subnormal FP64 something below -1022, of infinity 1024: both are enough. */
function exponentOf(magnitude: number): number {
  float64[0] = magnitude;
  return ((words[1] ?? 0) >>> 20) - 1023;
}

/** Of a number below 2^52: beyond it floats have no fraction, so that the sum rounds. */
function roundTiesToEven(value: number): number {
  return value + 2 ** 52 - 2 ** 52;
}
