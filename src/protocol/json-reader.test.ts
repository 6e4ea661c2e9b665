/**
 * JSON as values: what `JSON.parse` makes of it, or a fault in RapidJSON's words; and the limits.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { JsonReader, parseJson } from "./json-reader.ts";
import { asUnsigned, JsonFloat, JsonObject, type JsonValue } from "./json-value.ts";

/** As `JSON.parse` would have it. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonFloat) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof JsonObject)) return value;
  return Object.fromEntries(Array.from(value.members, ([key, member]) => [key, plain(member)]));
}

function parse(text: string | Uint8Array): JsonValue {
  return parseJson(Buffer.from(text));
}

function faultOf(text: string): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const documents = fc.tuple(fc.jsonValue({ stringUnit: "binary" }), fc.constantFrom("", " ", "\t"));

test("any document is what JSON.parse makes of it", () => {
  const spaces = fc.string({ unit: fc.constantFrom(" ", "\t", "\n", "\r"), maxLength: 3 });
  fc.assert(
    fc.property(documents, spaces, spaces, ([value, indent], before, after) => {
      const text = before + JSON.stringify(value, null, indent) + after;
      check.deepEqual(plain(parse(text)), JSON.parse(text));
    }),
    { numRuns: 3000 },
  );
});

/** What we take and JSON.parse does not, or the other way round. */
function isKnownDifference(text: string, fault: string | undefined): boolean {
  if (fault === undefined) return /NaN|Inf/.test(text);
  return /surrogate pair|too big|nesting depth/.test(fault);
}

function checkAcceptance(text: string): void {
  let isAccepted = true;
  try {
    JSON.parse(text);
  } catch {
    isAccepted = false;
  }
  const fault = faultOf(text);
  if (isAccepted === (fault === undefined) || isKnownDifference(text, fault)) return;
  check.fail(`${isAccepted ? "JSON.parse takes" : "only we take"} ${text} (${fault})`);
}

test("what JSON.parse refuses is refused, and nothing else", () => {
  const edit = fc.tuple(
    fc.nat(),
    fc.nat(2),
    fc.constantFrom(..."{}[]:,\"\\ \n019-+.eEtfnNIau/'", "\u0000", "\ud800"),
  );
  fc.assert(
    fc.property(documents, fc.array(edit, { minLength: 1, maxLength: 3 }), ([value], edits) => {
      let text = JSON.stringify(value);
      for (const [position, deleteCount, letter] of edits) {
        const at = position % (text.length + 1);
        text = text.slice(0, at) + letter + text.slice(at + deleteCount);
      }
      checkAcceptance(text);
    }),
    { numRuns: 10_000 },
  );
});

test("few letters in any order are refused as JSON.parse refuses them", () => {
  const letters = fc.constantFrom(...'{}[]:,"\\ 01-.e', "true", "null", "NaN", "Inf", '"a"');
  fc.assert(fc.property(fc.string({ unit: letters, maxLength: 8 }), checkAcceptance), {
    numRuns: 20_000,
  });
});

const faults: readonly [text: string, reason: string, offset: number][] = [
  ["", "The document is empty.", 0],
  [" \n", "The document is empty.", 2],
  ["\ufeff", "The document is empty.", 3],
  ["\0", "The document is empty.", 0],
  ["x", "Invalid value.", 0],
  ["tru", "Invalid value.", 3],
  ["nul1", "Invalid value.", 3],
  ["True", "Invalid value.", 0],
  ["[1,]", "Invalid value.", 3],
  ["[,1]", "Invalid value.", 1],
  ["[", "Invalid value.", 1],
  ['{"a":}', "Invalid value.", 5],
  ['{"a":-}', "Invalid value.", 6],
  ["{a:1}", "Missing a name for object member.", 1],
  ["{", "Missing a name for object member.", 1],
  ['{"a":1,}', "Missing a name for object member.", 7],
  ['{"a" 1}', "Missing a colon after a name of object member.", 5],
  ['{"a"', "Missing a colon after a name of object member.", 4],
  ['{"a":1 "b":2}', "Missing a comma or '}' after an object member.", 7],
  ['{"a":1', "Missing a comma or '}' after an object member.", 6],
  ['{"a":1]', "Missing a comma or '}' after an object member.", 6],
  ["[1 2]", "Missing a comma or ']' after an array element.", 3],
  ["[1", "Missing a comma or ']' after an array element.", 2],
  ["[01]", "Missing a comma or ']' after an array element.", 2],
  ["[Infx]", "Missing a comma or ']' after an array element.", 4],
  ["1 2", "The document root must not be followed by other values.", 2],
  ["{}\0", "The document root must not be followed by other values.", 2],
  ["[]]", "The document root must not be followed by other values.", 2],
  ['"ab', "Missing a closing quotation mark in string.", 3],
  ['["\\x"]', "Invalid escape character in string.", 2],
  ["[1.]", "Miss fraction part in number.", 3],
  ["[1e]", "Miss exponent in number.", 3],
  ["[1, -1e400]", "Number too big to be stored in double.", 4],
  ["[Infini]", "Invalid value.", 7],
];

for (const [text, reason, offset] of faults) {
  test(`fault: ${JSON.stringify(text)}`, () => {
    check.throws(() => parse(text), {
      name: "InferenceError",
      code: "INTERNAL",
      message: `failed to parse the request JSON buffer: ${reason} at ${offset}`,
    });
  });
}

const values: readonly [text: string, value: JsonValue][] = [
  ["7", 7],
  ["-0", -0],
  ["9007199254740991", 9007199254740991],
  ["-9007199254740991", -9007199254740991],
  ["9007199254740993", 9007199254740993n],
  ["-9223372036854775808", -9223372036854775808n],
  ["18446744073709551615", 18446744073709551615n],
  ["-9223372036854775809", new JsonFloat(-(2 ** 63))],
  ["18446744073709551616", new JsonFloat(2 ** 64)],
  ["1180591620717411303424", new JsonFloat(2 ** 70)],
  ["1.0", new JsonFloat(1)],
  ["1e2", new JsonFloat(100)],
  ["NaN", new JsonFloat(Number.NaN)],
  ["-Infinity", new JsonFloat(Number.NEGATIVE_INFINITY)],
  ["\ufeff[true, false, null]", [true, false, null]],
  [
    '{"a":1,"b":[],"a":2}',
    new JsonObject(
      new Map<string, JsonValue>([
        ["a", 1],
        ["b", []],
      ]),
    ),
  ],
  ['{"__proto__":{}}', new JsonObject(new Map([["__proto__", new JsonObject(new Map())]]))],
];

for (const [text, value] of values) {
  test(`value: ${text}`, () => check.deepEqual(parse(text), value));
}

test("64-bit integers are exact", () => {
  const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(integer, (value) => {
      const read = parse(String(value));
      check.ok(typeof read === "number" || typeof read === "bigint");
      check.equal(BigInt(read), value);
      check.equal(asUnsigned(read), value >= 0n ? read : undefined);
    }),
    { numRuns: 2000 },
  );
});

test("values are as exact as ever after elements of FP32", () => {
  for (const text of ["9007199254740991", "0.12345678901234567"]) {
    const reader = new JsonReader(Buffer.from(text));
    reader.numbers.isSingle = true;
    check.equal(plain(reader.readValue()), Number(text));
  }
});

const tooDeep = "JSON nesting depth exceeds maximum allowed limit (100)";

const nests: readonly [what: string, text: (depth: number) => string][] = [
  ["arrays", (depth) => "[".repeat(depth) + "]".repeat(depth)],
  ["arrays around a value", (depth) => `${"[".repeat(depth)}1${"]".repeat(depth)}`],
  ["objects", (depth) => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`],
  ["objects around a value", (depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`],
];

for (const [what, text] of nests) {
  test(`nesting: 100 ${what}, and no more`, () => {
    check.equal(faultOf(text(100)), undefined);
    check.throws(() => parse(text(101)), { code: "INVALID_ARGUMENT", message: tooDeep });
    check.equal(faultOf(text(1_000_000)), tooDeep);
  });
}

test("100,000 values, and no more", () => {
  const numbers = (count: number): string => `[${Array(count).fill("0").join()}]`;
  check.equal(faultOf(numbers(99_999)), undefined);
  check.throws(() => parse(numbers(100_000)), {
    code: "INVALID_ARGUMENT",
    message: "JSON of a request has more than 100000 values beside its data",
  });
});

test("a byte order mark is skipped once, and only in front", () => {
  check.deepEqual(parse("\ufeff7"), 7);
  check.match(faultOf("\ufeff\ufeff7") ?? "", /Invalid value\. at 3$/);
  check.match(faultOf(" \ufeff7") ?? "", /Invalid value\. at 1$/);
});

test("any bytes are a value, or are refused in the protocol's words", () => {
  const byte = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(...Buffer.from('{}[]:,"\\1e-.')),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 30 }), (bytes) => {
      try {
        parseJson(Uint8Array.from(bytes));
      } catch (error) {
        check.match(String(error), /failed to parse the request JSON buffer: .+ at \d+$/);
      }
    }),
    { numRuns: 10_000 },
  );
});
