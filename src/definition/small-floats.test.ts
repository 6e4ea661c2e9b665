/**
 * FP16 and BF16 against brute force: all 65,536 values of each are there to compare with.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { fromSmallFloatBits, type SmallFloat, toSmallFloatBits } from "./small-floats.ts";

const everyBits = Array.from({ length: 0x1_0000 }, (_, bits) => bits);

/** Of an FP32 the upper half is a BF16. */
const float32 = new Float32Array(1);
const words = new Uint32Array(float32.buffer);

function fp32FromUpperHalf(bits: number): number {
  words[0] = bits * 0x1_0000;
  return float32[0]!;
}

const known: readonly [SmallFloat, bits: number, value: number][] = [
  ["FP16", 0x0000, 0],
  ["FP16", 0x8000, -0],
  ["FP16", 0x3c00, 1],
  ["FP16", 0xc000, -2],
  ["FP16", 0x3555, 0.333251953125],
  ["FP16", 0x7bff, 65_504],
  ["FP16", 0x0400, 2 ** -14],
  ["FP16", 0x03ff, 2 ** -14 - 2 ** -24],
  ["FP16", 0x0001, 2 ** -24],
  ["FP16", 0x7c00, Infinity],
  ["FP16", 0xfc00, -Infinity],
  ["FP16", 0x7e00, Number.NaN],
  ["BF16", 0x3f80, 1],
  ["BF16", 0x4049, 3.140625],
  ["BF16", 0x7f7f, 3.3895313892515355e38],
  ["BF16", 0x0001, 2 ** -133],
  ["BF16", 0x7f80, Infinity],
  ["BF16", 0x7fc0, Number.NaN],
];

for (const [datatype, bits, value] of known) {
  test(`${datatype} 0x${bits.toString(16).padStart(4, "0")} is ${value}`, () => {
    check.equal(fromSmallFloatBits(datatype, bits), value);
    check.equal(toSmallFloatBits(datatype, value), bits);
  });
}

test("a BF16 is the upper half of an FP32, whichever", () => {
  for (const bits of everyBits) {
    check.equal(
      fromSmallFloatBits("BF16", bits),
      fp32FromUpperHalf(bits),
      `0x${bits.toString(16)}`,
    );
  }
});

for (const datatype of ["FP16", "BF16"] as const) {
  const isNoNumber = (bits: number): boolean => Number.isNaN(fromSmallFloatBits(datatype, bits));
  const canonicalNaN = toSmallFloatBits(datatype, Number.NaN);
  const infinityBits = toSmallFloatBits(datatype, Infinity);
  /** Ascending from 0; the value after the largest stands for infinity, as rounding sees it. */
  const magnitudes = everyBits
    .slice(0, infinityBits)
    .map((bits) => fromSmallFloatBits(datatype, bits));
  const [nextToLargest = 0, largest = 0] = magnitudes.slice(-2);
  magnitudes.push(largest + (largest - nextToLargest));

  /** By comparing with all of them: the bits of a magnitude are its index. */
  const nearestBits = (value: number): number => {
    const magnitude = Math.abs(value);
    let low = 0;
    let high = magnitudes.length - 1;
    if (magnitude >= magnitudes[high]!) low = high;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (magnitudes[middle]! <= magnitude) low = middle;
      else high = middle;
    }
    const toLow = magnitude - magnitudes[low]!;
    const toHigh = magnitudes[high]! - magnitude;
    const isHigh = toHigh < toLow || (toHigh === toLow && low % 2 === 1);
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    return sign | (isHigh ? high : low);
  };

  test(`${datatype}: every value comes back as it was`, () => {
    for (const bits of everyBits) {
      const expected = isNoNumber(bits) ? canonicalNaN : bits;
      check.equal(toSmallFloatBits(datatype, fromSmallFloatBits(datatype, bits)), expected);
    }
  });

  test(`${datatype}: halfway between two values, the even one; beside it, the nearer one`, () => {
    for (let low = 0; low + 1 < magnitudes.length; low += 1) {
      const middle = (magnitudes[low]! + magnitudes[low + 1]!) / 2;
      const justBelow = middle * (1 - Number.EPSILON);
      const justAbove = middle * (1 + Number.EPSILON);
      check.equal(toSmallFloatBits(datatype, middle), low + (low % 2));
      check.equal(toSmallFloatBits(datatype, justBelow), low);
      check.equal(toSmallFloatBits(datatype, justAbove), low + 1);
      check.equal(toSmallFloatBits(datatype, -middle), 0x8000 | (low + (low % 2)));
    }
  });

  test(`${datatype}: a number becomes the nearest one, whichever`, () => {
    const inRange = fc.double({ min: -2 * largest, max: 2 * largest, noNaN: true });
    const anywhere = fc.double({ noNaN: true });
    const small = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.oneof(inRange, anywhere, small), (value) => {
        check.equal(toSmallFloatBits(datatype, value), nearestBits(value));
      }),
      { numRuns: 20_000 },
    );
  });
}
