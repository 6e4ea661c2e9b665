/**
 * JSON text that is written: any string is read back, and only what must be escaped is.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { JsonWriter } from "./json-writer.ts";

function written(value: string): string {
  const writer = new JsonWriter();
  writer.string(value);
  return Buffer.from(writer.written).toString("utf8");
}

const cases: readonly [value: string, text: string][] = [
  ["", '""'],
  ['a"b\\c/d', '"a\\"b\\\\c/d"'],
  ["\b\f\n\r\t", '"\\b\\f\\n\\r\\t"'],
  ["\0\u001f\u000b", '"\\u0000\\u001F\\u000B"'],
  ["\u007f\u0080é😀\u2028", '"\u007f\u0080é😀\u2028"'],
  ["\ufeff", '"\ufeff"'],
  ["\ud800a", '"\ufffda"'],
];

for (const [value, text] of cases) {
  test(`a string: ${JSON.stringify(value)}`, () => check.equal(written(value), text));
}

test("any string is read back, and is no longer than it must be", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => {
      const text = written(value);
      check.equal(JSON.parse(text), value);
      check.equal(text.toLowerCase(), JSON.stringify(value).toLowerCase());
    }),
    { numRuns: 3000 },
  );
});

test("pieces stand one behind another, whatever memory was there at first", () => {
  const pieces = fc.array(fc.tuple(fc.boolean(), fc.string({ maxLength: 100 })));
  fc.assert(
    fc.property(pieces, fc.nat(100), (each, expectedBytes) => {
      const writer = new JsonWriter(expectedBytes);
      for (const [isString, text] of each) isString ? writer.string(text) : writer.text(text);
      const expected = each.map(([isString, text]) => (isString ? JSON.stringify(text) : text));
      check.equal(Buffer.from(writer.written).toString("utf8"), expected.join(""));
    }),
    { numRuns: 1000 },
  );
});

test("integers, with commas between them", () => {
  const integer = fc.oneof(fc.integer(), fc.maxSafeInteger());
  fc.assert(
    fc.property(fc.array(integer), (values) => {
      const writer = new JsonWriter(0);
      writer.text("[");
      writer.integers(values);
      check.equal(Buffer.from(writer.written).toString(), `[${values.join()}`);
    }),
    { numRuns: 500 },
  );
});

test("memory that was reserved is behind what is written, which stays", () => {
  const writer = new JsonWriter(4);
  writer.text("ab");
  const memory = writer.reserve(10_000);
  check.ok(memory.length >= 10_002);
  memory[writer.length] = 99;
  writer.length += 1;
  check.equal(Buffer.from(writer.written).toString(), "abc");
});
