/** Exact JSON: nothing is lost between writing and reading, whatever the texts contain. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { parseExactJson, writeExactJson } from "./exact-json.ts";

/** Of characters that one could trip over. */
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc
    .array(
      fc.constantFrom("\u0000", '"', "\\", "1234567890123456", "NaN", "Inf", ":", ",", "u0000"),
    )
    .map((parts) => parts.join("")),
);

const beyond = fc
  .bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
  .filter((value) => value > 2n ** 53n || value < -(2n ** 53n));

/** JSON writes -0 as 0, and whole numbers beyond 2^53 as digits, which are bigints. */
const number = fc
  .oneof(fc.double(), fc.maxSafeInteger())
  .map((value) => value + 0)
  .filter((value) => !(Math.abs(value) > 2 ** 53 && Math.abs(value) < 1e21));

const { value: exact } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    beyond,
    number,
    fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true, null),
    fc.array(tie("value"), { maxLength: 4 }),
    // As JSON.parse makes them: `__proto__` is a name as any other there.
    fc
      .array(fc.tuple(text, tie("value")), { maxLength: 4 })
      .map((fields) => Object.fromEntries(fields)),
  ),
}));

test("what is written is read as it was", () => {
  fc.assert(
    fc.property(exact, (value) => {
      check.deepEqual(parseExactJson(writeExactJson(value)), value);
    }),
    { numRuns: 2000 },
  );
});

test("all else is read and written as JSON is", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), fc.constantFrom(0, 2), (value, indent) => {
      const plain = JSON.stringify(value, undefined, indent);
      const hasLong = /\d{16}/.test(plain);
      if (!hasLong) check.deepEqual(parseExactJson(plain), JSON.parse(plain));
      if (indent === 0) check.equal(writeExactJson(value), plain);
      // With something in it that needs help.
      check.deepEqual(parseExactJson(`[${plain}, NaN]`), [parseExactJson(plain), Number.NaN]);
    }),
    { numRuns: 1000 },
  );
});

test("numbers are read exactly", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["9007199254740991", 9007199254740991],
    ["9007199254740993", 9007199254740993n],
    ["-9223372036854775808", -9223372036854775808n],
    ["[18446744073709551615]", [18446744073709551615n]],
    ["12345678901234567.5", Number("12345678901234567.5")],
    ["0.1234567890123456789", Number("0.1234567890123456789")],
    ["1e-12", 1e-12],
    ["12345678901234567e2", Number("1234567890123456700")],
    ["[NaN,Infinity,-Infinity,Inf,-Inf]", [Number.NaN, 1 / 0, -1 / 0, 1 / 0, -1 / 0]],
    ['{"NaN": "NaN", "12345678901234567":"-Inf"}', { NaN: "NaN", "12345678901234567": "-Inf" }],
    ['["\\u0000", NaN]', ["\u0000", Number.NaN]],
    ['[{"\\u00005" : "\\u0000x"}, NaN]', [{ "\u00005": "\u0000x" }, Number.NaN]],
  ];
  for (const [written, value] of cases) check.deepEqual(parseExactJson(written), value);
});

test("what is no JSON is a SyntaxError", () => {
  for (const written of ["", "{", "[1,]", "nan", "<html>", "[12345678901234567", '"NaN']) {
    check.throws(() => parseExactJson(written), SyntaxError, written);
  }
});

test("a text of any length is passed over", () => {
  const long = "x".repeat(30_000_000);
  const [read, number] = parseExactJson(`["${long}", 12345678901234567]`) as [string, bigint];
  check.deepEqual([read.length, number], [long.length, 12345678901234567n]);
});

test("what is wrong is found in one pass, however long it is", () => {
  const wrong = ['"', '"\\', '"\\\n"'].map(
    (end) => `[NaN,"${'\\"'.repeat(500_000)}${end.slice(1)}`,
  );
  for (const text of [...wrong, `[NaN,${"-".repeat(1_000_000)}]`]) {
    check.throws(() => parseExactJson(text), SyntaxError);
  }
  // No integer of this protocol has so many digits.
  check.equal(parseExactJson("9".repeat(1_000_000)), Number.POSITIVE_INFINITY);
});
