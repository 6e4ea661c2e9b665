/**
 * Skipping: it ends where reading would, finds the same faults, and pauses, however deep it gets.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { JsonReader } from "./json-reader.ts";
import { SkipSteps } from "./json-skip.ts";
import { runSteps } from "./steps.ts";

/** Where it ended, or why it did not. */
function outcomeOf(text: string, take: (reader: JsonReader) => unknown): number | string {
  const reader = new JsonReader(Buffer.from(text));
  try {
    take(reader);
    return reader.offset;
  } catch (error) {
    return String(error);
  }
}

const skip = (text: string): number | string =>
  outcomeOf(text, (reader) => runSteps(new SkipSteps(reader)));

function checkLikeReading(text: string): void {
  const read = outcomeOf(text, (reader) => reader.readValue());
  check.equal(skip(text), read);
}

const cases: readonly [text: string, outcome: number | string][] = [
  ["1,", 1],
  ['"a]",', 4],
  [" true ", 5],
  ["[]]", 2],
  ["{}}", 2],
  ['[[],{},{"a":[]},[1]] ', 20],
  ['{"a":{"b":[1,{"c":2}]},"d":3},', 29],
  ["NaN", 3],
  ["[1,]", "JsonSyntaxError: Invalid value. at 3"],
  ["[1}", "JsonSyntaxError: Missing a comma or ']' after an array element. at 2"],
  ['{"a":[1]]', "JsonSyntaxError: Missing a comma or '}' after an object member. at 8"],
  ['{"a":1,}', "JsonSyntaxError: Missing a name for object member. at 7"],
  ['[{"a"}]', "JsonSyntaxError: Missing a colon after a name of object member. at 5"],
  ['["\\q"]', "JsonSyntaxError: Invalid escape character in string. at 2"],
  ["[1e400]", "JsonSyntaxError: Number too big to be stored in double. at 1"],
];

for (const [text, outcome] of cases) {
  test(`skipping ${text}`, () => check.equal(skip(text), outcome));
}

test("what is skipped, and where it is at fault, is what would be read", () => {
  const edit = fc.tuple(fc.nat(), fc.nat(1), fc.constantFrom(...'{}[]:,"\\ 0-.e', ""));
  fc.assert(
    fc.property(fc.json(), fc.array(edit, { maxLength: 2 }), (json, edits) => {
      let text = `${json},`;
      for (const [position, deleteCount, letter] of edits) {
        const at = position % text.length;
        text = text.slice(0, at) + letter + text.slice(at + deleteCount);
      }
      checkLikeReading(text);
    }),
    { numRuns: 5000 },
  );
});

test("kinds of brackets are kept apart at any depth", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 300 }), fc.nat(), (kinds, at) => {
      const open = kinds.map((isObject) => (isObject ? '{"k":' : "[")).join("");
      const closers = kinds.map((isObject) => (isObject ? "}" : "]")).reverse();
      const text = `${open}0${closers.join("")}`;
      check.equal(skip(text), text.length);
      const wrong = at % closers.length;
      closers[wrong] = closers[wrong] === "}" ? "]" : "}";
      const offset = open.length + 1 + wrong;
      check.match(String(skip(`${open}0${closers.join("")}`)), new RegExp(` at ${offset}$`));
    }),
    { numRuns: 500 },
  );
});

function stepCount(text: string): number {
  const reader = new JsonReader(Buffer.from(text));
  const steps = new SkipSteps(reader);
  let count = 1;
  while (steps.step() === undefined) count += 1;
  check.equal(reader.offset, text.length);
  return count;
}

test("a long value takes several steps, whether it is wide or deep", () => {
  check.equal(stepCount(`[${Array(1000).fill("1").join()}]`), 1);
  check.ok(stepCount(`[${Array(100_000).fill("1").join()}]`) > 10);
  const long = `"${"x".repeat(100_000)}"`;
  check.ok(stepCount(`[${Array(40).fill(long).join()}]`) > 10, "of few long strings, too");
  check.ok(stepCount("[".repeat(100_000) + "]".repeat(100_000)) > 10);
  check.ok(stepCount(`${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`) > 10);
});
