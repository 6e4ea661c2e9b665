/**
 * Numbers from bytes: what `Number` makes of the same text, or RapidJSON's fault and its offset.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { type NumberFault, NumberScanner } from "./json-number.ts";

interface Scanned {
  readonly value: number;
  readonly end: number;
}

interface Refused {
  readonly fault: NumberFault;
  readonly offset: number;
}

/** The quick way, where it goes, must agree with the other. */
function scan(text: string, isSingle = false): Scanned | Refused {
  const scanner = new NumberScanner(Buffer.from(text));
  scanner.isSingle = isSingle;
  if (!scanner.scan()) {
    const { fault, offset } = scanner;
    check.equal(scanner.scanPlain(0), -1, "is no number, but passes for a plain one");
    return { fault, offset };
  }
  const { value, offset: end, isInteger } = scanner;
  const plainEnd = scanner.scanPlain(0);
  if (plainEnd >= 0) {
    check.deepEqual([plainEnd, scanner.isInteger], [end, isInteger], text);
    check.ok(Object.is(rounded(scanner.value, isSingle), rounded(value, isSingle)), text);
  }
  return { value: rounded(value, isSingle), end };
}

function rounded(value: number, isSingle: boolean): number {
  return isSingle ? Math.fround(value) : value;
}

/** FP64 and FP32 alike are what `Number` says, and too big is only what it cannot hold. */
function checkAgainstNumber(text: string): void {
  const value = Number(text);
  const isTooBig = !Number.isFinite(value);
  const refused = { fault: "tooBig", offset: 0 };
  const end = text.length;
  check.deepEqual(scan(text), isTooBig ? refused : { value, end }, text);
  check.deepEqual(scan(text, true), isTooBig ? refused : { value: Math.fround(value), end }, text);
}

const accepted: readonly [text: string, value: number, end?: number][] = [
  ["0", 0],
  ["-0", -0],
  ["-0.0", -0],
  ["7", 7],
  ["1e5", 100_000],
  ["1E+05", 100_000],
  ["12.5e-1", 1.25],
  ["NaN", Number.NaN],
  ["-NaN", Number.NaN],
  ["Inf", Number.POSITIVE_INFINITY],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Inf", Number.NEGATIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["0e999", 0],
  ["1e-999", 0],
  ["-1e-999", -0],
  [`0.${"0".repeat(400)}1e401`, 1],
  [`1${"0".repeat(400)}e-400`, 1],
  // Goes as far as it is a number; what follows is for the reader to refuse.
  ["01", 0, 1],
  ["-01", -0, 2],
  ["0x10", 0, 1],
  ["1_000", 1, 1],
  ["1.5.5", 1.5, 3],
  ["1-1", 1, 1],
  ["Infx", Number.POSITIVE_INFINITY, 3],
  ["Infinity1", Number.POSITIVE_INFINITY, 8],
  ["NaNa", Number.NaN, 3],
];

for (const [text, value, end = text.length] of accepted) {
  test(`accepted: ${text.slice(0, 20)}`, () => {
    check.deepEqual(scan(text), { value, end });
    check.deepEqual(scan(text, true), { value: Math.fround(value), end });
  });
}

const refused: readonly [text: string, fault: NumberFault, offset: number][] = [
  ["", "invalid", 0],
  ["-", "invalid", 1],
  ["--1", "invalid", 1],
  ["- 1", "invalid", 1],
  ["+1", "invalid", 0],
  [".5", "invalid", 0],
  ["-.5", "invalid", 1],
  ["]", "invalid", 0],
  ["nan", "invalid", 0],
  ["N", "invalid", 1],
  ["Nan", "invalid", 2],
  ["-Na", "invalid", 3],
  ["I", "invalid", 1],
  ["In", "invalid", 2],
  ["inf", "invalid", 0],
  ["Infi", "invalid", 4],
  ["-Infinitx", "invalid", 8],
  ["1.", "fraction", 2],
  ["1.e5", "fraction", 2],
  ["-0.x", "fraction", 3],
  ["1e", "exponent", 2],
  ["1e+", "exponent", 3],
  ["1.5E-x", "exponent", 5],
  ["1e999", "tooBig", 0],
  ["-1e999", "tooBig", 0],
  ["1.8e308", "tooBig", 0],
  [`1${"0".repeat(309)}`, "tooBig", 0],
  [`1e${"9".repeat(30)}`, "tooBig", 0],
];

for (const [text, fault, offset] of refused) {
  test(`refused: ${fault} in ${text.slice(0, 20)}`, () => {
    check.deepEqual(scan(text), { fault, offset });
    check.deepEqual(scan(text, true), { fault, offset });
  });
}

const kinds: readonly [text: string, isInteger: boolean, digitCount: number][] = [
  ["0", true, 0],
  ["-12", true, 2],
  ["1234567890123456", true, 16],
  ["1.0", false, 2],
  ["1e2", false, 1],
  ["0.0012", false, 2],
  ["NaN", false, 0],
];

for (const [text, isInteger, digitCount] of kinds) {
  test(`integer or not: ${text}`, () => {
    const scanner = new NumberScanner(Buffer.from(text));
    check.ok(scanner.scan());
    check.deepEqual([scanner.isInteger, scanner.digitCount], [isInteger, digitCount]);
  });
}

const plain: readonly [text: string, isPlain: boolean][] = [
  ["0", true],
  ["-12.5", true],
  ["123456789012345", true],
  ["0.00000000012345", true],
  ["1e2", false],
  ["1.5E2", false],
  ["1.", false],
  ["-", false],
  ["NaN", false],
];

for (const [text, isPlain] of plain) {
  test(`${isPlain ? "plain" : "not plain"}: ${text}`, () => {
    const scanner = new NumberScanner(Buffer.from(text));
    check.equal(scanner.scanPlain(0), isPlain ? text.length : -1);
    if (isPlain) check.ok(Object.is(scanner.value, Number(text)));
  });
}

test("of more digits than a double holds, those that an FP32 does not need are skipped", () => {
  const text = "0.123456789012345678901234567890";
  const scanner = new NumberScanner(Buffer.from(text));
  check.equal(scanner.scanPlain(0), -1);
  scanner.isSingle = true;
  check.equal(scanner.scanPlain(0), text.length);
});

const digits = (min: number, max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: min, maxLength: max });
const whole = fc.oneof(
  fc.constant("0"),
  fc.tuple(fc.constantFrom(..."123456789"), digits(0, 24)).map(([first, others]) => first + others),
);
const fraction = fc.tuple(fc.constantFrom("", "000", "0".repeat(20)), digits(1, 25));
const exponent = fc.oneof(
  fc.integer({ min: -30, max: 30 }),
  fc.integer({ min: -360, max: 360 }),
  fc.integer({ min: -1e9, max: 1e9 }),
);

/** Any text of JSON's grammar. */
const numberText = fc
  .record({
    minus: fc.constantFrom("", "-"),
    whole,
    fraction: fc.option(fraction, { nil: undefined }),
    exponent: fc.option(fc.tuple(fc.constantFrom("e", "E", "e+", "E+"), exponent), {
      nil: undefined,
    }),
  })
  .map((parts) => {
    const behindPoint = parts.fraction === undefined ? "" : `.${parts.fraction.join("")}`;
    const [letter = "", power = 0] = parts.exponent ?? [];
    const exponentText = power < 0 ? `${letter.slice(0, 1)}${power}` : `${letter}${power}`;
    return parts.minus + parts.whole + behindPoint + (letter === "" ? "" : exponentText);
  });

test("any number is what Number says", () => {
  fc.assert(fc.property(numberText, checkAgainstNumber), { numRuns: 20_000 });
});

test("any double and any float, however many digits are written, is what Number says", () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
  );
  fc.assert(
    fc.property(value, fc.integer({ min: 1, max: 100 }), (number, precision) => {
      checkAgainstNumber(String(number));
      checkAgainstNumber(number.toPrecision(precision));
    }),
    { numRuns: 10_000 },
  );
});

/** More digits behind those of a text. */
function withDigits(text: string, more: string): string {
  const [mantissa = "", power] = text.split("e");
  const point = mantissa.includes(".") ? "" : ".";
  return `${mantissa}${point}${more}${power === undefined ? "" : `e${power}`}`;
}

const floats = new Float32Array(2);
const bits = new Uint32Array(floats.buffer);

/** A double, and so exact: halfway from one FP32 to the next. */
function tieAbove(floatBits: number): number {
  bits[0] = floatBits;
  bits[1] = floatBits + 1;
  return (floats[0]! + floats[1]!) / 2;
}

test("halfway between two FP32, and a digit beside it, is rounded as Number and fround do", () => {
  const floatBits = fc.oneof(
    // From about 1e-7 to 1e15, where the fast way works, and everywhere.
    fc.integer({ min: 0x33d6_bf95, max: 0x5863_5fa9 }),
    fc.integer({ min: 0, max: 0x7f7f_fffe }),
  );
  const precision = fc.integer({ min: 15, max: 21 });
  fc.assert(
    fc.property(floatBits, precision, digits(0, 6), (from, length, more) => {
      const tie = tieAbove(from);
      for (const text of [tie.toPrecision(length), tie.toPrecision(100)]) {
        checkAgainstNumber(text);
        checkAgainstNumber(withDigits(text, `${more}1`));
        // One in the last place less, as the digits behind it are all nines.
        const lower = text.replace(/[1-9](?=0*(e|$))/, (digit) => String(Number(digit) - 1));
        checkAgainstNumber(withDigits(lower, `999${more}`));
      }
    }),
    { numRuns: 10_000 },
  );
});

test("integers around those that lie halfway between two doubles are what Number says", () => {
  const integer = fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n });
  fc.assert(
    fc.property(integer, fc.constantFrom("", ".0", ".00000001", ".5", "e0"), (value, end) => {
      checkAgainstNumber(`${value}${end}`);
      checkAgainstNumber(`${value | 1n}${end}`);
    }),
    { numRuns: 5000 },
  );
});

test("a number ends where its text does, whatever stands before and behind it", () => {
  const after = fc.constantFrom(",", "]", "}", " ", "\n", '"', ":", "x", "/", ";", "\u0000", "é");
  fc.assert(
    fc.property(numberText, fc.string(), after, (text, before, behind) => {
      const scanner = new NumberScanner(Buffer.from(before + text + behind));
      const start = Buffer.byteLength(before);
      scanner.offset = start;
      if (!scanner.scan()) check.deepEqual([scanner.fault, scanner.offset], ["tooBig", start]);
      else {
        check.equal(scanner.offset, start + text.length);
        check.equal(scanner.textFrom(start), text);
        check.ok(Object.is(scanner.value, Number(text)));
      }
    }),
    { numRuns: 3000 },
  );
});

test("any bytes are a number or are refused, and nothing is read beyond where it ends", () => {
  const letters = fc.constantFrom(..."0123456789+-.eEINafinty ,");
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
      const result = scan(text);
      if ("fault" in result) check.ok(result.offset <= text.length);
      else if (Number.isFinite(result.value)) {
        check.ok(Object.is(result.value, Number(text.slice(0, result.end))), text);
      }
    }),
    { numRuns: 20_000 },
  );
});
