/** How checks nest, and how a wrong value is shown. */
import { strict as check } from "node:assert";
import test from "node:test";
import { eachOf, expecting, fieldsOf, oneOf, optionally } from "./option-checks.ts";
import { show } from "./show.ts";

const text = expecting("a text", (value) => typeof value === "string");
const table = fieldsOf({
  name: text,
  size: optionally(oneOf(["small", "medium", "large"])),
  parts: optionally(eachOf(fieldsOf({ name: text }), "a list of parts")),
});

const cases: readonly [what: string, value: unknown, ...mistakes: string[]][] = [
  ["what is right", { name: "a", size: "small", parts: [{ name: "b" }] }],
  ["what may be left out", { name: "a", size: undefined }],
  ["what may not", {}, "'box.name' must be a text; got undefined"],
  ["no object", "a", `'box' must be an object; got "a"`],
  ["a list for an object", ["a"], `'box' must be an object; got ["a"]`],
  [
    "an object for a list",
    { name: "a", parts: {} },
    "'box.parts' must be a list of parts; got an object",
  ],
  [
    "a name that is not listed",
    { name: "a", size: "smal" },
    `'box.size' must be "small", "medium" or "large" (did you mean 'small'?); got "smal"`,
  ],
  [
    "a name that is no text",
    { name: "a", size: 1 },
    `'box.size' must be "small", "medium" or "large"; got 1`,
  ],
  [
    "mistakes on every level, unknown ones first",
    { names: "a", colour: 1, parts: [{ name: 1 }, { nam: "b" }] },
    "unknown option 'box.names' (did you mean 'name'?)",
    "unknown option 'box.colour' (there are name, size, parts)",
    "'box.name' must be a text; got undefined",
    "'box.parts[0].name' must be a text; got 1",
    "unknown option 'box.parts[1].nam' (did you mean 'name'?)",
    "'box.parts[1].name' must be a text; got undefined",
  ],
];

for (const [what, value, ...mistakes] of cases) {
  test(what, () => check.deepEqual(table(value, "box"), mistakes));
}

test("names of an inherited property are unknown as well", () => {
  const value = JSON.parse('{"name":"a","constructor":1,"__proto__":2}') as unknown;
  check.deepEqual(table(value, ""), [
    "unknown option 'constructor' (there are name, size, parts)",
    "unknown option '__proto__' (there are name, size, parts)",
  ]);
});

const shown: readonly [unknown, string][] = [
  ['a "b"', '"a \\"b\\""'],
  ["two\nlines", '"two\\nlines"'],
  ["x".repeat(61), `"${"x".repeat(57)}..."`],
  [7n, "7n"],
  [-0, "0"],
  [null, "null"],
  [undefined, "undefined"],
  [Symbol("s"), "Symbol(s)"],
  [() => 1, "a function"],
  [{ secret: 1 }, "an object"],
  [[1, ["a"], {}], '[1, ["a"], an object]'],
  [Array.from({ length: 12 }, (_, index) => index), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ...]"],
];

for (const [value, expected] of shown) {
  test(`shown: ${expected}`, () => check.equal(show(value), expected));
}
