/**
 * config.pbtxt: what is read and what is refused, with which words; what is printed reads as what it
 * was; and any bytes give a configuration or an error with a place.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { readConfigJson } from "../../protocol/config-json.ts";
import { readConfigValues } from "../../protocol/config-values.ts";
import { InferenceError } from "../../protocol/errors.ts";
import {
  type ConfigField,
  configSchema,
  exactInteger,
  inOrder,
  integerRanges,
  type WrittenConfig,
} from "../../protocol/written-config.ts";
import { maxConfigBytes, printConfigText, readConfigText } from "./config-text.ts";

const path = "/models/m/config.pbtxt";

function read(text: string): WrittenConfig {
  return readConfigText(Buffer.from(text), path);
}

/** Its error, without the path. */
function faultOf(text: string | Uint8Array): string {
  try {
    readConfigText(typeof text === "string" ? Buffer.from(text) : text, path);
  } catch (error) {
    check.ok(error instanceof InferenceError);
    check.equal(error.code, "INTERNAL");
    const start = `failed to read text proto from ${path}: `;
    check.ok(error.message.startsWith(start), error.message);
    return error.message.slice(start.length);
  }
  return "nothing";
}

const taken: readonly [what: string, text: string, config: WrittenConfig][] = [
  ["nothing", "", {}],
  ["blanks and comments", " \t\r\n# max_batch_size: 1\n\f\v#", {}],
  ["a byte order mark", "\ufeffmax_batch_size: 1", { max_batch_size: 1 }],
  ["a scalar", "max_batch_size: 8", { max_batch_size: 8 }],
  ["what is as good as the default", 'max_batch_size: 0 name: ""', { name: "", max_batch_size: 0 }],
  ["a message", "dynamic_batching { }", { dynamic_batching: {} }],
  ["a message behind a colon", "dynamic_batching: {}", { dynamic_batching: {} }],
  ["other brackets", "version_policy < all: <> >", { version_policy: { all: {} } }],
  [
    "separators",
    "name: 'a', backend: 'b'; platform: 'c'",
    { name: "a", platform: "c", backend: "b" },
  ],
  [
    "separators in messages",
    "version_policy { latest { num_versions: 2; }, }",
    {
      version_policy: { latest: { num_versions: 2 } },
    },
  ],
  ["a list", "input { dims: [1, -1,2] }", { input: [{ dims: [1, -1, 2] }] }],
  ["a comma behind a list", "input { dims: [1, 2 , # last\n ] }", { input: [{ dims: [1, 2] }] }],
  ["one behind a list of messages", "input [ {}, ]", { input: [{}] }],
  ["repeated keys", "input { dims: 1 dims: 2 }", { input: [{ dims: [1, 2] }] }],
  [
    "lists and keys",
    "input { dims: [1] dims: 2 dims: [3, 4] }",
    { input: [{ dims: [1, 2, 3, 4] }] },
  ],
  ["a list of nothing", "input: [] instance_group [{ gpus: [] }]", { instance_group: [{}] }],
  [
    "a list of messages",
    "input [ { name: 'a' }, { name: 'b' } ]",
    {
      input: [{ name: "a" }, { name: "b" }],
    },
  ],
  ["one behind a colon", "input: [ < name: 'a' > ]", { input: [{ name: "a" }] }],
  ["repeated messages", "input { } input { }", { input: [{}, {}] }],
  ["a scalar for a list", "input { dims: 1 }", { input: [{ dims: [1] }] }],
  ["texts", String.raw`name: "a'\"\n\t\x41\101\u00e4ä"`, { name: "a'\"\n\tAAää" }],
  ["other quotes", String.raw`name: 'a"\''`, { name: "a\"'" }],
  ["texts side by side", 'name: "a" \'b\' # and\n "c"', { name: "abc" }],
  ["a comment's sign in a text", 'name: "a#b,]"', { name: "a#b,]" }],
  ["true", "dynamic_batching { preserve_ordering: true }", on(true)],
  ["True", "dynamic_batching { preserve_ordering: True }", on(true)],
  ["t", "dynamic_batching { preserve_ordering: t }", on(true)],
  ["1", "dynamic_batching { preserve_ordering: 1 }", on(true)],
  ["false", "dynamic_batching { preserve_ordering: false }", on(false)],
  ["False", "dynamic_batching { preserve_ordering: False }", on(false)],
  ["f", "dynamic_batching { preserve_ordering: f }", on(false)],
  ["0", "dynamic_batching { preserve_ordering: 0 }", on(false)],
  ["an enum's name", "input { data_type: TYPE_FP32 }", { input: [{ data_type: "TYPE_FP32" }] }],
  ["an enum's number", "input { data_type: 11 }", { input: [{ data_type: "TYPE_FP32" }] }],
  ["its octal number", "input { data_type: 013 }", { input: [{ data_type: "TYPE_FP32" }] }],
  ["a negative integer", "max_batch_size: -1", { max_batch_size: -1 }],
  ["a sign by itself", "max_batch_size: - 1", { max_batch_size: -1 }],
  ["hexadecimal", "max_batch_size: 0x1F", { max_batch_size: 31 }],
  ["octal", "max_batch_size: 010", { max_batch_size: 8 }],
  ["the most of an integer", "max_batch_size: 2147483647", { max_batch_size: 2147483647 }],
  [
    "64 bits, exact",
    "input { dims: [9007199254740991, 9007199254740993, -9223372036854775808] }",
    {
      input: [{ dims: [9007199254740991, 9007199254740993n, -9223372036854775808n] }],
    },
  ],
  [
    "unsigned ones",
    "dynamic_batching { priority_levels: 18446744073709551615 }",
    {
      dynamic_batching: { priority_levels: 18446744073709551615n },
    },
  ],
  [
    "floats",
    floats("[1e3, 1, -2.5, .5, 2., 1.5f, 1E-2]"),
    buckets(1000, 1, -2.5, 0.5, 2, 1.5, 0.01),
  ],
  [
    "floats of no number",
    floats("[inf, -inf, nan, Infinity]"),
    buckets(Infinity, -Infinity, NaN, Infinity),
  ],
  [
    "maps",
    'parameters { key: "a" value { string_value: "b" } }',
    {
      parameters: { a: { string_value: "b" } },
    },
  ],
  [
    "maps in other forms",
    'metric_tags: < key: "a", value: "b" > metric_tags [{ value: "d" key: "c" }]',
    {
      metric_tags: { a: "b", c: "d" },
    },
  ],
  [
    "the last of equal keys",
    'metric_tags { key: "a" value: "b" } metric_tags { key: "a" value: "c" }',
    {
      metric_tags: { a: "c" },
    },
  ],
  [
    "entries without a key or a value",
    'metric_tags { } parameters { key: "a" }',
    {
      metric_tags: { "": "" },
      parameters: { a: {} },
    },
  ],
  [
    "keys that are numbers",
    "dynamic_batching { priority_queue_policy { key: 0x2 value { max_queue_size: 1 } } }",
    {
      dynamic_batching: { priority_queue_policy: { "2": { max_queue_size: 1 } } },
    },
  ],
  [
    "keys that objects have",
    'metric_tags [{ key: "__proto__" value: "a" }, { key: "toString" value: "b" }]',
    {
      metric_tags: Object.fromEntries([
        ["__proto__", "a"],
        ["toString", "b"],
      ]),
    },
  ],
];

function on(value: boolean): WrittenConfig {
  return { dynamic_batching: { preserve_ordering: value } };
}

function floats(list: string): string {
  return `model_metrics { metric_control { histogram_options { buckets: ${list} } } }`;
}

function buckets(...values: readonly number[]): WrittenConfig {
  return { model_metrics: { metric_control: [{ histogram_options: { buckets: values } }] } };
}

for (const [what, text, config] of taken) {
  test(`read: ${what}`, () => check.deepEqual(read(text), config));
}

const refused: readonly [what: string, text: string | Uint8Array, fault: string][] = [
  [
    "a scalar twice",
    "max_batch_size: 1\nmax_batch_size: 1",
    "line 2, column 1: 'max_batch_size' is given twice",
  ],
  [
    "a message twice",
    "dynamic_batching { }\n  dynamic_batching {\n}",
    "line 2, column 3: 'dynamic_batching' is given twice",
  ],
  [
    "two branches",
    "dynamic_batching { }\nsequence_batching { }",
    "line 2, column 1: only one can be given of 'dynamic_batching', 'sequence_batching', 'ensemble_scheduling'",
  ],
  [
    "two inner branches",
    "version_policy {\n all { } latest { } }",
    "line 2, column 10: only one can be given of 'version_policy.latest', 'version_policy.all', 'version_policy.specific'",
  ],
  [
    "TRUE",
    "dynamic_batching { preserve_ordering: TRUE }",
    "line 1, column 39: 'dynamic_batching.preserve_ordering' must be true or false; got TRUE",
  ],
  [
    "2 for a truth",
    "dynamic_batching { preserve_ordering: 2 }",
    "line 1, column 39: 'dynamic_batching.preserve_ordering' must be true or false; got 2",
  ],
  [
    "an enum in lower case",
    "instance_group [ { }, { kind: kind_cpu } ]",
    "line 1, column 31: 'instance_group[1].kind' must be one of KIND_AUTO, KIND_GPU, KIND_CPU, KIND_MODEL; got kind_cpu (did you mean 'KIND_CPU'?)",
  ],
  [
    "an enum that objects have",
    "instance_group { kind: toString }",
    "line 1, column 24: 'instance_group[0].kind' must be one of KIND_AUTO, KIND_GPU, KIND_CPU, KIND_MODEL; got toString",
  ],
  [
    "a number of no name",
    "instance_group { kind: 9 }",
    "line 1, column 24: 'instance_group[0].kind' must be one of KIND_AUTO, KIND_GPU, KIND_CPU, KIND_MODEL; got 9",
  ],
  ["a field's number", "4: 8", "line 1, column 1: expected a field's name; got 4"],
  [
    "an exponent",
    "max_batch_size: 1e1",
    "line 1, column 17: 'max_batch_size' must be an integer within -2147483648..2147483647; got 1e1",
  ],
  [
    "a fraction",
    "input {\n  dims: [ 1, 2.0 ]\n}",
    "line 2, column 14: 'input[0].dims[1]' must be an integer within -9223372036854775808..9223372036854775807; got 2.0",
  ],
  [
    "a text for an integer",
    'max_batch_size: "8"',
    "line 1, column 17: 'max_batch_size' must be an integer within -2147483648..2147483647; got \"8\"",
  ],
  ["an integer for a text", "name: 8", "line 1, column 7: 'name' must be a text; got 8"],
  [
    "too large an integer",
    "max_batch_size: 2147483648",
    "line 1, column 17: 'max_batch_size' must be an integer within -2147483648..2147483647; got 2147483648",
  ],
  [
    "a negative one",
    "dynamic_batching {\n max_queue_delay_microseconds: -100 }",
    "line 2, column 32: 'dynamic_batching.max_queue_delay_microseconds' must be an integer within 0..18446744073709551615; got -100",
  ],
  [
    "too small an integer",
    "max_batch_size: -2147483649",
    "line 1, column 17: 'max_batch_size' must be an integer within -2147483648..2147483647; got -2147483649",
  ],
  [
    "no octal number",
    "max_batch_size: 09",
    "line 1, column 17: illegal number '09', in 'max_batch_size'",
  ],
  [
    "a word for a float",
    floats("[ 1, high ]"),
    "line 1, column 68: 'model_metrics.metric_control[0].histogram_options.buckets[1]' must be a number; got high",
  ],
  [
    "an unknown field",
    "name: 'a'\nmax_batch_sise: 8",
    "line 2, column 1: unknown field 'max_batch_sise' (did you mean 'max_batch_size'?)",
  ],
  [
    "one within",
    "dynamic_batching {\n\n  prefered_batch_size: [ 4 ]\n}",
    "line 3, column 3: unknown field 'dynamic_batching.prefered_batch_size' (did you mean 'preferred_batch_size'?)",
  ],
  [
    "camel case",
    "maxBatchSize: 8",
    "line 1, column 1: unknown field 'maxBatchSize' (did you mean 'max_batch_size'?)",
  ],
  [
    "an unknown field of a map",
    'parameters [{ }, { key: "a" values { } }]',
    "line 1, column 29: unknown map field 'values', in 'parameters[1].key'",
  ],
  [
    "a value without a colon",
    "max_batch_size 8",
    "line 1, column 16: expected ':', in 'max_batch_size'",
  ],
  [
    "a text without an end",
    'name: "a\nplatform: "b"',
    "line 1, column 7: illegal string, in 'name'",
  ],
  [
    "an unknown escape",
    String.raw`name: "\q"`,
    "line 1, column 7: illegal string escape '\\q', in 'name'",
  ],
  [
    "a message without an end",
    "input {\n  name: 'a'\n",
    "line 2, column 12: expected '}', in 'input[0].name'",
  ],
  [
    "a list without an end",
    "input { dims: [1\n 2] }",
    "line 2, column 2: expected ']', in 'input[0].dims[0]'",
  ],
  ["an end of nothing", "input { } }", "line 1, column 11: expected a field's name; got }"],
  [
    "another end",
    "input { name: 'a' >",
    "line 1, column 19: expected a field's name; got >, in 'input[0]'",
  ],
  [
    "a list of what can be one only",
    "max_batch_size: [1]",
    "line 1, column 17: list value specified for singular field, in 'max_batch_size'",
  ],
  [
    "commas without elements",
    "input { dims: [1,,] }",
    "line 1, column 18: 'input[0].dims[2]' must be an integer within -9223372036854775808..9223372036854775807; got ,",
  ],
  [
    "a comma alone in a list",
    "input [ , ]",
    "line 1, column 9: expected message value, in 'input[0]'",
  ],
  ["two separators", "name: 'a',;", "line 1, column 11: unexpected separator, in 'name'"],
  [
    "a text for a name",
    "input { 'name': 'a' }",
    "line 1, column 9: expected a field's name; got 'name', in 'input[0]'",
  ],
  [
    "an extension",
    "[inference.thing]: 1",
    "line 1, column 17: unknown extension 'inference.thing'",
  ],
  [
    "a blank of another kind",
    "name:\u00a0'a'",
    "line 1, column 6: illegal character '\\u00a0', in 'name'",
  ],
  [
    "a text that is no UTF-8",
    Buffer.from([...Buffer.from("name: 'a"), 0xff, ...Buffer.from("'")]),
    "line 1, column 7: a text is no UTF-8",
  ],
  ["one in escapes", String.raw`name: "\377"`, "line 1, column 7: invalid UTF-8 string, in 'name'"],
  [
    "a file that is too large",
    Buffer.alloc(maxConfigBytes + 1, 32),
    "it has 262145 bytes, and at most 262144 are read",
  ],
];

for (const [what, text, fault] of refused) {
  test(`refused: ${what}`, () => check.equal(faultOf(text), fault));
}

test("bytes that are no UTF-8 may stand in a comment", () => {
  const bytes = [...Buffer.from("# gr"), 0xfc, ...Buffer.from("n\nmax_batch_size: 8")];
  check.deepEqual(readConfigText(Uint8Array.from(bytes), path), { max_batch_size: 8 });
});

test("what is wrong is shown in short, and in one line", () => {
  check.ok(faultOf("a".repeat(100_000)).length < 200);
  check.match(faultOf("name: \u001b[31m"), /^[ -~]*$/);
});

/** Any message of the schema, with any of its fields. */
function anyMessage(type: string): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  const fields = Object.entries(configSchema.messages[type] ?? {});
  const all = Object.fromEntries(fields.map(([name, field]) => [name, anyField(field)]));
  return fc.record(all, { requiredKeys: [] }).map((values) => {
    const given = new Map(Object.entries(values));
    // The first branch of each oneof that was drawn.
    const oneofs = new Set<string>();
    for (const [name, { oneof }] of fields) {
      if (oneof === undefined || !given.has(name)) continue;
      if (oneofs.has(oneof)) given.delete(name);
      oneofs.add(oneof);
    }
    return inOrder(type, given);
  });
}

function anyField({ type, isRepeated, keyType }: ConfigField): fc.Arbitrary<unknown> {
  const value = anySingle(type);
  if (isRepeated === true) return fc.array(value, { maxLength: 3 });
  if (keyType === undefined) return value;
  const key = anySingle(keyType).map(String);
  return fc.array(fc.tuple(key, value), { maxLength: 3 }).map((list) => Object.fromEntries(list));
}

function anySingle(type: string): fc.Arbitrary<unknown> {
  if (configSchema.messages[type] !== undefined) return anyMessage(type);
  if (type === "string") return fc.string({ unit: "binary" });
  if (type === "bool") return fc.boolean();
  if (type === "float" || type === "double") return fc.double();
  const range = integerRanges[type];
  if (range === undefined) return fc.constantFrom(...Object.keys(configSchema.enums[type] ?? {}));
  return fc.bigInt({ min: range[0], max: range[1] }).map(exactInteger);
}

const anyConfig = anyMessage("ModelConfig") as fc.Arbitrary<WrittenConfig>;

test("what is printed reads as what it was", () => {
  fc.assert(
    fc.property(anyConfig, (config) => {
      check.deepEqual(read(printConfigText(config)), config);
    }),
    { numRuns: 150 },
  );
});

test("and as plain values it is itself; as JSON, too", () => {
  const asJson = (_key: string, value: unknown): unknown => {
    if (Object.is(value, -0)) return "-0";
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    return typeof value === "bigint" ? String(value) : value;
  };
  fc.assert(
    fc.property(anyConfig, (config) => {
      check.deepEqual(readConfigValues(config), { config, mistakes: [] });
      check.deepEqual(readConfigJson(JSON.stringify(config, asJson)), config);
    }),
    { numRuns: 150 },
  );
});

const place = /^line [1-9]\d*, column [1-9]\d*: [^\n]+$/;

function checkOutcome(bytes: Uint8Array): void {
  const fault = faultOf(bytes);
  if (fault !== "nothing") check.match(fault, place);
}

test("any bytes give a configuration or an error with a place", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), checkOutcome), { numRuns: 2000 });
});

test("so does any change of a text", () => {
  const pieces = fc.constantFrom(
    ..."{}<>[]:,;-#\"'\\\n 0.x".split(""),
    "name",
    "key",
    "1e9",
    "\ufffd",
  );
  const change = fc.tuple(fc.nat(), fc.nat({ max: 3 }), pieces);
  fc.assert(
    fc.property(anyConfig, fc.array(change, { minLength: 1, maxLength: 3 }), (config, changes) => {
      let text = printConfigText(config);
      for (const [start, length, piece] of changes) {
        const at = start % (text.length + 1);
        text = text.slice(0, at) + piece + text.slice(at + length);
      }
      checkOutcome(Buffer.from(text));
    }),
    { numRuns: 200 },
  );
});

test("nor do depth and length make a difference", () => {
  for (const piece of [
    "{",
    "[",
    "<",
    "input {",
    "[1,",
    "'a' ",
    "name:",
    "[",
    "]",
    "\n",
    "-",
    "9",
    "\\",
  ]) {
    const many = piece.repeat(Math.floor(maxConfigBytes / 2 / piece.length));
    checkOutcome(Buffer.from(many));
    checkOutcome(Buffer.from(`parameters { key: ${many}`));
    checkOutcome(Buffer.from(`input { dims: [${many}`));
  }
});
