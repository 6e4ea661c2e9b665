/**
 * Numbers as text: reading it gives the same bits, no shorter text would, and there is room for it.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import {
  maxNumberLength,
  putFloat32,
  putFloat64,
  putInteger,
  putText,
  textOf,
} from "./json-number-text.ts";

const before = 3;
const untouched = 0xee;

/** What was put into bytes: where it says, and nowhere else. */
function textPut(put: (bytes: Uint8Array, at: number) => number): string {
  const bytes = new Uint8Array(before + maxNumberLength + 3).fill(untouched);
  const end = put(bytes, before);
  check.ok(end - before <= maxNumberLength, "too long");
  const isUntouched = (byte: number): boolean => byte === untouched;
  check.ok(bytes.subarray(0, before).every(isUntouched), "wrote before");
  check.ok(bytes.subarray(end).every(isUntouched), "wrote behind");
  return Buffer.from(bytes.subarray(before, end)).toString("latin1");
}

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);

function floatOf(bits: number): number {
  floatBits[0] = bits;
  return float[0]!;
}

function textOfFloat32(bits: number): string {
  return textPut((bytes, at) => putFloat32(bytes, at, floatOf(bits), bits));
}

function checkFloat32(bits: number): void {
  const value = floatOf(bits);
  const text = textOfFloat32(bits);
  check.ok(Object.is(Math.fround(Number(text)), value), `${text} for ${value}`);
  if (Number.isFinite(value)) check.equal(typeof JSON.parse(text), "number");
}

/** From the first digit that is not 0 to the last. */
function significantDigits(text: string): number {
  const [mantissa = ""] = text.replace(/[-.]/g, "").split("e");
  return mantissa.replace(/^0+|0+$/g, "").length;
}

function fewestDigits(value: number): number {
  let count = 1;
  while (Math.fround(Number(value.toPrecision(count))) !== value) count += 1;
  return count;
}

const anyBits = fc.integer({ min: 0, max: 0xffff_ffff });

test("FP32: any bits are read back", () => {
  fc.assert(fc.property(anyBits, checkFloat32), { numRuns: 50_000 });
});

test("FP32: the ends of every exponent are read back", () => {
  for (let exponent = 0; exponent < 512; exponent += 1) {
    for (const fraction of [0, 1, 2, 0x40_0000, 0x7f_fffe, 0x7f_ffff]) {
      checkFloat32(exponent * 0x80_0000 + fraction);
    }
  }
});

test("FP32: from 1e-15 to 2^31 no text with fewer digits is read back, or it is a whole number", () => {
  const bits = fc.integer({ min: 0x2690_1d7d, max: 0x4eff_ffff });
  const few = fc.integer({ min: 1, max: 99_999 });
  const fewDigits = fc
    .tuple(few, fc.integer({ min: -14, max: 3 }))
    .map(([digits, power]) => Math.fround(Number(`${digits}e${power}`)));
  const value = fc.oneof(bits.map(floatOf), fewDigits);
  fc.assert(
    fc.property(value, fc.boolean(), (size, isNegative) => {
      const text = textPut((bytes, at) => {
        float[0] = isNegative ? -size : size;
        return putFloat32(bytes, at, float[0], floatBits[0]!);
      });
      if (Number.isInteger(size)) check.equal(text, String(isNegative ? -size : size));
      else check.ok(significantDigits(text) <= fewestDigits(size), `${text} for ${size}`);
    }),
    { numRuns: 30_000 },
  );
});

const float32Texts: readonly [value: number, text: string][] = [
  [0, "0"],
  [-0, "-0.0"],
  [1, "1"],
  [-1, "-1"],
  [0.1, "0.1"],
  [-0.5, "-0.5"],
  [1.5, "1.5"],
  [2.5000002, "2.5000002"],
  [100.25, "100.25"],
  [16_777_215, "16777215"],
  [8_388_607.5, "8388607.5"],
  [0.001, "0.001"],
  [0.000001, "0.000001"],
  [0.0000001, "1e-7"],
  [1.25e-7, "1.25e-7"],
  [2 ** 31 - 128, "2147483520"],
  [-(2 ** 31), "-2147483600"],
  [1e21, "1e+21"],
  [3.4028234663852886e38, "3.4028235e+38"],
  [2 ** -126, "1.1754944e-38"],
  [2 ** -149, "1e-45"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
];

for (const [value, text] of float32Texts) {
  test(`FP32: ${text}`, () => {
    float[0] = value;
    check.equal(textOfFloat32(floatBits[0]!), text);
  });
}

function checkFloat64(value: number): void {
  const text = textPut((bytes, at) => putFloat64(bytes, at, value));
  check.ok(Object.is(Number(text), value), `${text} for ${value}`);
  check.equal(text, textOf(value));
}

test("FP64: any double is read back", () => {
  fc.assert(fc.property(fc.double(), checkFloat64), { numRuns: 20_000 });
});

test("FP64: the longest texts have room", () => {
  const longest = [-1.2345678901234567e-6, -1.7976931348623157e308, -2.2250738585072014e-308];
  const whole = [2 ** 31 - 1, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, -(2 ** 53), -1, 0, -0];
  for (const value of [...longest, ...whole]) checkFloat64(value);
  const least = -1.2345678901234567e-6;
  check.equal(textPut((bytes, at) => putFloat64(bytes, at, least)).length, maxNumberLength);
});

test("integers: all digits, also of 64 bits", () => {
  const small = fc.integer({ min: -(2 ** 32), max: 2 ** 32 });
  const wide = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
  const powers = fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.constantFrom(-1n, 0n, 1n))
    .map(([power, more]) => 2n ** BigInt(power) + more);
  fc.assert(
    fc.property(fc.oneof(small, wide, powers), (value) => {
      check.equal(
        textPut((bytes, at) => putInteger(bytes, at, value)),
        String(value),
      );
    }),
    { numRuns: 20_000 },
  );
  for (const value of [0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 2 ** 31 - 1, -(2 ** 31)]) {
    check.equal(
      textPut((bytes, at) => putInteger(bytes, at, value)),
      String(value),
    );
  }
  check.equal(
    textPut((bytes, at) => putInteger(bytes, at, -(2n ** 63n))),
    "-9223372036854775808",
  );
});

test("text is put as it is", () => {
  check.equal(
    textPut((bytes, at) => putText(bytes, at, '"a":1')),
    '"a":1',
  );
});
