/**
 * Strings from bytes: whatever was written, in any way to write it, or RapidJSON's fault.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { StringScanner } from "./json-string.ts";

/** Of a string that begins at `from`. */
function scan(bytes: Uint8Array, from = 0): StringScanner {
  const scanner = new StringScanner(bytes);
  scanner.offset = from;
  scanner.scan();
  return scanner;
}

function checkRead(json: string, text: string): void {
  const bytes = Buffer.from(json);
  const scanner = scan(bytes);
  check.equal(scanner.offset, bytes.length);
  check.equal(scanner.text(), text);
  check.deepEqual(Buffer.from(scanner.utf8()), Buffer.from(text));
}

const read: readonly [json: string, text: string][] = [
  ['""', ""],
  ['"a b"', "a b"],
  ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
  ['"\\u0041\\u00e9\\u00E9"', "Aéé"],
  ['"\\u0000"', "\0"],
  ['"\\uD83D\\uDE00"', "😀"],
  ['"\\ud83d\\ude00x"', "😀x"],
  ['"😀é"', "😀é"],
  ['"\\uFEFFa"', "\ufeffa"],
  ['"\ufeffa"', "\ufeffa"],
  ['"\u007f"', "\u007f"],
  ['"\\\\u0041"', "\\u0041"],
];

for (const [json, text] of read) {
  test(`read: ${json}`, () => checkRead(json, text));
}

const incorrectHex = "Incorrect hex digit after \\u escape in string.";
const surrogates = "The surrogate pair in string is invalid.";

const refused: readonly [json: string, reason: string, offset: number][] = [
  ['"', "Missing a closing quotation mark in string.", 1],
  ['"abc', "Missing a closing quotation mark in string.", 4],
  ['"a\0b"', "Missing a closing quotation mark in string.", 2],
  ['"a\nb"', "Invalid encoding in string.", 2],
  ['"\u001f"', "Invalid encoding in string.", 1],
  ['"a\\x"', "Invalid escape character in string.", 2],
  ['"a\\', "Invalid escape character in string.", 2],
  ['"\\\'"', "Invalid escape character in string.", 1],
  ['"\\U0041"', "Invalid escape character in string.", 1],
  ['"\\u12"', incorrectHex, 1],
  ['"a\\u00g0"', incorrectHex, 2],
  ['"\\u', incorrectHex, 1],
  ['"\\u 041"', incorrectHex, 1],
  ['"\\u-041"', incorrectHex, 1],
  ['"\\ud83d"', surrogates, 1],
  ['"\\ud83dx"', surrogates, 1],
  ['"\\ud83d\\n"', surrogates, 1],
  ['"\\ud83d\\u0041"', surrogates, 1],
  ['"\\ud83d\\ud83d"', surrogates, 1],
  ['"\\ud83d\\u00"', incorrectHex, 1],
  ['"ab\\ude00"', surrogates, 3],
  ['"\\ude00\\u00"', surrogates, 1],
];

for (const [json, reason, offset] of refused) {
  test(`refused: ${JSON.stringify(json)}`, () => {
    check.throws(() => scan(Buffer.from(json)), {
      name: "JsonSyntaxError",
      message: `${reason} at ${offset}`,
    });
  });
}

/** Of any code point, lone surrogates left out: they have no UTF-8. */
const anyText = fc.string({ unit: "binary", maxLength: 60 });

const hex = (unit: number, isUpper: boolean): string => {
  const digits = unit.toString(16).padStart(4, "0");
  return `\\u${isUpper ? digits.toUpperCase() : digits}`;
};

/** A character in one of the ways to write it. */
function written(character: string, way: number): string {
  const plain = JSON.stringify(character).slice(1, -1);
  if (way === 0) return plain;
  if (way === 1 && character === "/") return "\\/";
  return Array.from({ length: character.length }, (_, index) =>
    hex(character.charCodeAt(index), way === 2),
  ).join("");
}

test("any text, however it is written, is read", () => {
  const ways = fc.array(fc.nat(3), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(anyText, ways, (text, each) => {
      const json = Array.from(text, (character, index) =>
        written(character, each[index % each.length]!),
      );
      checkRead(`"${json.join("")}"`, text);
      checkRead(JSON.stringify(text), text);
    }),
    { numRuns: 3000 },
  );
});

test("a string ends where it does, and one scanner reads another after it", () => {
  fc.assert(
    fc.property(anyText, anyText, (one, other) => {
      const first = JSON.stringify(one);
      const bytes = Buffer.from(`[${first},${JSON.stringify(other)}]`);
      const scanner = scan(bytes, 1);
      check.equal(scanner.offset, 1 + Buffer.byteLength(first));
      check.equal(scanner.text(), one);
      scanner.offset += 1;
      scanner.scan();
      check.equal(scanner.offset, bytes.length - 1);
      check.equal(scanner.text(), other);
    }),
    { numRuns: 1000 },
  );
});

test("short and long texts of ASCII alike", () => {
  for (let length = 0; length < 70; length += 1) {
    checkRead(`"${"a".repeat(length)}"`, "a".repeat(length));
    checkRead(`"${"a".repeat(length)}\\n"`, `${"a".repeat(length)}\n`);
  }
});

test("names, again and again and in any order, are those that were written", () => {
  const name = fc.string({ unit: fc.constantFrom(..."ab_01"), maxLength: 34 });
  fc.assert(
    fc.property(fc.array(name, { maxLength: 50 }), (names) => {
      for (const each of [...names, ...names.toReversed(), "__proto__", "7"]) {
        checkRead(`"${each}"`, each);
      }
    }),
    { numRuns: 300 },
  );
});

test("its UTF-8 is a view where nothing is escaped, and memory of its own else", () => {
  const bytes = Buffer.from('"plain é""escaped\\n"');
  const plain = scan(bytes);
  check.equal(plain.utf8().buffer, bytes.buffer);
  check.equal(plain.utf8().byteOffset, bytes.byteOffset + 1);
  const escaped = scan(bytes, plain.offset);
  check.notEqual(escaped.utf8().buffer, bytes.buffer);
});

test("what is no UTF-8 stays as it is, and as text becomes U+FFFD", () => {
  const faulty = fc.uint8Array({ min: 0x80, max: 0xff, maxLength: 40 });
  fc.assert(
    fc.property(faulty, fc.constantFrom("", "\\n", "a"), (inside, before) => {
      const bytes = Buffer.concat([Buffer.from(`"${before}`), inside, Buffer.from('"')]);
      const scanner = scan(bytes);
      const utf8 = Buffer.concat([Buffer.from(before.replace("\\n", "\n")), inside]);
      check.deepEqual(Buffer.from(scanner.utf8()), utf8);
      check.equal(scanner.text(), utf8.toString("utf8"));
    }),
    { numRuns: 1000 },
  );
});
