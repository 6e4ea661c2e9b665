/**
 * Configurations as JSON and as plain values: what is read, and each mistake with its path.
 *
 * That any configuration reads as itself is shown in server/repository/config-text.test.ts.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { readConfigJson } from "./config-json.ts";
import { readConfigValues } from "./config-values.ts";
import { InferenceError } from "./errors.ts";
import type { WrittenConfig } from "./written-config.ts";

const read: readonly [what: string, json: string, config: WrittenConfig][] = [
  ["nothing", "{}", {}],
  ["names as files have them", '{"max_batch_size":16}', { max_batch_size: 16 }],
  ["names in camel case", '{"maxBatchSize":16}', { max_batch_size: 16 }],
  ["integers as texts", '{"max_batch_size":"16"}', { max_batch_size: 16 }],
  ["integers with a fraction of nothing", '{"max_batch_size":1.6e1}', { max_batch_size: 16 }],
  [
    "64 bits as numbers and texts",
    '{"input":[{"dims":[1,"-1",9007199254740993,"9007199254740993"]}]}',
    { input: [{ dims: [1, -1, 9007199254740993n, 9007199254740993n] }] },
  ],
  [
    "enums in any case, and by number",
    '{"input":[{"data_type":"type_fp32"},{"data_type":"TYPE_BOOL"},{"data_type":11}]}',
    { input: [{ data_type: "TYPE_FP32" }, { data_type: "TYPE_BOOL" }, { data_type: "TYPE_FP32" }] },
  ],
  [
    "floats",
    '{"model_metrics":{"metric_control":[{"histogram_options":{"buckets":[1,0.5,"2.5","NaN","-Infinity"]}}]}}',
    {
      model_metrics: {
        metric_control: [{ histogram_options: { buckets: [1, 0.5, 2.5, Number.NaN, -Infinity] } }],
      },
    },
  ],
  [
    "maps",
    '{"parameters":{"a":{"string_value":"b"}},"metricTags":{"max_batch_size":"c"}}',
    { metric_tags: { max_batch_size: "c" }, parameters: { a: { string_value: "b" } } },
  ],
  [
    "keys that are numbers",
    '{"dynamic_batching":{"priority_queue_policy":{"02":{"timeout_action":"delay"}}}}',
    { dynamic_batching: { priority_queue_policy: { "2": { timeout_action: "DELAY" } } } },
  ],
  ["null as nothing", '{"name":null,"input":null,"dynamic_batching":null}', {}],
  ["empty lists and maps as nothing", '{"input":[],"parameters":{}}', {}],
  ["empty messages", '{"dynamic_batching":{}}', { dynamic_batching: {} }],
  ["in the order of the schema", '{"input":[{}],"name":"a"}', { name: "a", input: [{}] }],
];

for (const [what, json, config] of read) {
  test(`read: ${what}`, () => {
    const made = readConfigJson(json);
    check.deepEqual(made, config);
    check.deepEqual(Object.keys(made), Object.keys(config));
  });
}

const refused: readonly [what: string, json: string, ...mistakes: string[]][] = [
  ["no JSON", '{"name":', "Invalid value. at 8"],
  ["no text", "", "The document is empty. at 0"],
  ["two values", "{}{}", "The document root must not be followed by other values. at 2"],
  ["no object", "[]", "'the configuration' must be an object; got []"],
  [
    "unknown fields, and what else is wrong",
    '{"max_batch_sise":1,"name":2,"instance_group":[{"kind":"GPU"}]}',
    "unknown field 'max_batch_sise' (did you mean 'max_batch_size'?)",
    "'name' must be a text; got 2",
    "'instance_group[0].kind' must be one of KIND_AUTO, KIND_GPU, KIND_CPU, KIND_MODEL; " +
      'got "GPU"',
  ],
  [
    "an unknown field within",
    '{"dynamic_batching":{"prefered_batch_size":[4]}}',
    "unknown field 'dynamic_batching.prefered_batch_size' (did you mean 'preferred_batch_size'?)",
  ],
  ["a field that objects have", '{"toString":1}', "unknown field 'toString'"],
  [
    "one field by both names",
    '{"maxBatchSize":1,"max_batch_size":1}',
    "'max_batch_size' is given twice",
  ],
  [
    "two branches",
    '{"dynamic_batching":{},"ensemble_scheduling":{}}',
    "only one can be given of 'dynamic_batching', 'ensemble_scheduling'",
  ],
  [
    "a fraction",
    '{"max_batch_size":1.5}',
    "'max_batch_size' must be an integer within -2147483648..2147483647; got 1.5",
  ],
  [
    "a text that is no integer",
    '{"max_batch_size":"1e1"}',
    "'max_batch_size' must be an integer within -2147483648..2147483647; got \"1e1\"",
  ],
  [
    "too large an integer",
    '{"dynamic_batching":{"priority_levels":18446744073709551616}}',
    "'dynamic_batching.priority_levels' must be an integer within 0..18446744073709551615; " +
      "got 18446744073709552000",
  ],
  [
    "a truth as a text",
    '{"model_transaction_policy":{"decoupled":"true"}}',
    "'model_transaction_policy.decoupled' must be true or false; got \"true\"",
  ],
  ["an element for a list", '{"input":{}}', "'input' must be a list; got an object"],
  ["null in a list", '{"input":[null]}', "'input[0]' must be an object; got null"],
  ["a list for a map", '{"metric_tags":[]}', "'metric_tags' must be an object; got []"],
  [
    "a key that is no number",
    '{"dynamic_batching":{"priority_queue_policy":{"a":{}}}}',
    "'a key of dynamic_batching.priority_queue_policy' must be an integer within " +
      '0..18446744073709551615; got "a"',
  ],
  ["a value in a map", '{"metric_tags":{"a":1}}', "'metric_tags[\"a\"]' must be a text; got 1"],
];

for (const [what, json, ...mistakes] of refused) {
  test(`refused: ${what}`, () => {
    check.throws(() => readConfigJson(json), {
      name: InferenceError.name,
      code: "INTERNAL",
      message: `Invalid config override: ${mistakes.join("\n")}`,
    });
  });
}

test("too deep JSON is refused, whatever it holds", () => {
  check.throws(() => readConfigJson("[".repeat(100_000)), InferenceError);
});

test("values of a program", () => {
  check.deepEqual(
    readConfigValues({
      maxBatchSize: 4,
      dynamic_batching: { priority_levels: 2n },
      name: undefined,
    }),
    { config: { max_batch_size: 4, dynamic_batching: { priority_levels: 2 } }, mistakes: [] },
  );
});

test("any text gives a configuration or an error", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .array(fc.constantFrom(...'{}[]:,"\\1e-', '"input"', '"name"', "null"))
      .map((all) => all.join("")),
  );
  fc.assert(
    fc.property(text, (json) => {
      try {
        readConfigJson(json);
      } catch (error) {
        check.ok(error instanceof InferenceError);
        check.match(error.message, /^Invalid config override: ./);
      }
    }),
    { numRuns: 1000 },
  );
});
