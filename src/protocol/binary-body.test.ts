/**
 * How much of a body is JSON, as its header says.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { parseHeaderLength } from "./binary-body.ts";

const bodyBytes = 100;

const lengths: readonly [text: string, length: number][] = [
  ["0", 0],
  ["7", 7],
  ["100", 100],
  ["+7", 7],
  [" 7\t", 7],
  ["007", 7],
];

for (const [text, length] of lengths) {
  test(`length: '${text}'`, () => check.equal(parseHeaderLength(text, bodyBytes), length));
}

const what = "Unable to parse Inference-Header-Content-Length";
const noNumber = (text: string): string => `${what}, got: ${text}`;
const outOfRange = (text: string): string =>
  `${what}, value is out of range [ -2147483648, 2147483647 ], got: ${text}`;
const outOfBody = (text: string): string =>
  `inference header size should be in range (0, ${bodyBytes}), got: ${text}`;

const refused: readonly [text: string, message: string][] = [
  ["", noNumber("")],
  [" ", noNumber(" ")],
  ["x", noNumber("x")],
  ["7x", noNumber("7x")],
  ["1.5", noNumber("1.5")],
  ["1e2", noNumber("1e2")],
  ["0x10", noNumber("0x10")],
  ["1 2", noNumber("1 2")],
  ["--1", noNumber("--1")],
  ["- 1", noNumber("- 1")],
  ["2147483648", outOfRange("2147483648")],
  ["-2147483649", outOfRange("-2147483649")],
  [`${"9".repeat(400)}`, outOfRange("9".repeat(400))],
  ["101", outOfBody("101")],
  ["-1", outOfBody("-1")],
  ["2147483647", outOfBody("2147483647")],
  ["-2147483648", outOfBody("-2147483648")],
];

for (const [text, message] of refused) {
  test(`refused: '${text.slice(0, 20)}'`, () => {
    check.throws(() => parseHeaderLength(text, bodyBytes), { code: "INVALID_ARGUMENT", message });
  });
}

test("any text is a length within the body, or refused", () => {
  const letters = fc.constantFrom(..."0123456789+-. ex");
  fc.assert(
    fc.property(fc.string({ unit: letters, maxLength: 12 }), fc.nat(200), (text, most) => {
      try {
        const length = parseHeaderLength(text, most);
        check.ok(Number.isInteger(length) && length >= 0 && length <= most);
      } catch (error) {
        check.match(String(error), /^InferenceError: (Unable to parse|inference header size)/);
      }
    }),
    { numRuns: 2000 },
  );
});
