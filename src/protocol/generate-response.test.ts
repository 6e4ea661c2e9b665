/**
 * Responses of generate: which keys, in which order, and what stands behind each.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { responseOf } from "../testing/response-fixture.ts";
import type { Datatype } from "./datatype.ts";
import { GenerateEncoder } from "./generate-response.ts";
import type { InferResponse } from "./infer.ts";
import { parseJson } from "./json-reader.ts";
import { JsonObject } from "./json-value.ts";
import { JsonWriter } from "./json-writer.ts";
import { packBytes } from "./packed-bytes.ts";
import { runSteps } from "./steps.ts";
import { type WireTensor, wireTensor } from "./tensor.ts";

function textOf(response: InferResponse, encoder: GenerateEncoder = new GenerateEncoder()): string {
  return Buffer.from(runSteps(encoder.begin(response)).json).toString();
}

function tensor(
  name: string,
  datatype: Datatype,
  array: { readonly buffer: ArrayBufferLike },
  shape: readonly number[],
): WireTensor {
  return wireTensor({ name, datatype, shape }, new Uint8Array(array.buffer));
}

const floats = (name: string, ...values: number[]): WireTensor =>
  tensor(name, "FP32", Float32Array.from(values), [1, values.length]);
const texts = (name: string, ...values: (string | Uint8Array)[]): WireTensor =>
  tensor(name, "BYTES", packBytes(values.map((value) => Buffer.from(value as string))), [
    values.length,
    1,
  ]);

const written: readonly [what: string, response: InferResponse, text: string][] = [
  ["one element", responseOf([floats("y", 1.5)]), '{"model_name":"m","model_version":"1","y":1.5}'],
  [
    "several",
    responseOf([floats("y", 1, 0.1, -2)]),
    '{"model_name":"m","model_version":"1","y":[1,0.1,-2]}',
  ],
  ["none", responseOf([floats("y")]), '{"model_name":"m","model_version":"1","y":[]}'],
  [
    "none, without dimensions to tell",
    responseOf([{ name: "y", datatype: "BYTES", shape: [0, 2], chunks: [], byteLength: 0 }]),
    '{"model_name":"m","model_version":"1","y":[]}',
  ],
  [
    "a scalar without dimensions",
    responseOf([tensor("y", "BOOL", Uint8Array.of(1), [])]),
    '{"model_name":"m","model_version":"1","y":true}',
  ],
  [
    "texts",
    responseOf([texts("TEXT", 'a"\n', "é")]),
    '{"TEXT":["a\\"\\n","é"],"model_name":"m","model_version":"1"}',
  ],
  [
    "numbers that JSON does not have",
    responseOf([floats("y", Number.NaN, Number.NEGATIVE_INFINITY)]),
    '{"model_name":"m","model_version":"1","y":[NaN,-Infinity]}',
  ],
  [
    "wide integers",
    responseOf([tensor("y", "INT64", BigInt64Array.of(2n ** 63n - 1n), [1, 1])]),
    '{"model_name":"m","model_version":"1","y":9223372036854775807}',
  ],
  [
    "an id and parameters",
    responseOf([texts("TOKEN", "hi")], {
      id: "7",
      parameters: { last: true, a: "x", z: 1.5, wide: 2n ** 63n - 1n },
    }),
    '{"TOKEN":"hi","a":"x","id":"7","last":true,"model_name":"m","model_version":"1",' +
      '"wide":9223372036854775807,"z":1.5}',
  ],
  ["no outputs", responseOf([]), '{"model_name":"m","model_version":"1"}'],
  [
    "equal keys: the first counts",
    responseOf([floats("id", 1), floats("model_name", 2), floats("p", 3)], {
      id: "7",
      parameters: { p: 4, id: "8" },
    }),
    '{"id":"7","model_name":"m","model_version":"1","p":4}',
  ],
  [
    "a key of an output that is free",
    responseOf([floats("id", 1)]),
    '{"id":1,"model_name":"m","model_version":"1"}',
  ],
  [
    "keys in the order of bytes, not of code units",
    responseOf([floats("\u{1f600}", 1), floats("\uffee", 2), floats("é", 3), floats("~", 4)]),
    '{"model_name":"m","model_version":"1","~":4,"é":3,"\uffee":2,"\u{1f600}":1}',
  ],
];

for (const [what, response, text] of written) {
  test(`written: ${what}`, () => check.equal(textOf(response), text));
}

test("what JSON cannot carry is refused, by name", () => {
  check.throws(() => textOf(responseOf([tensor("y", "FP16", Uint16Array.of(0), [1])])), {
    code: "INVALID_ARGUMENT",
    message:
      "sending FP16 data via JSON is not supported. Please use the binary data format for output y",
  });
  check.throws(() => textOf(responseOf([texts("y", Uint8Array.of(0xff))])), {
    code: "INTERNAL",
    message: /^output 'y' holds BYTES that are not UTF-8/,
  });
});

test("one layout serves all responses to a request, until their keys change", () => {
  const encoder = new GenerateEncoder();
  const id = "7";
  const responses = [
    responseOf([floats("y", 1), texts("a", "x")], { id }),
    responseOf([floats("y", 2, 3), texts("a", "z")], { id }),
    responseOf([texts("a", "z")], { id }),
    responseOf([texts("a", "z")], { id, parameters: { last: 1 } }),
    responseOf([texts("a", "z")], { id, parameters: { last: 2 } }),
    responseOf([texts("a", "z"), floats("y", 1)], { id, parameters: {} }),
  ];
  for (const response of responses) check.equal(textOf(response, encoder), textOf(response));
});

test("it is written behind what is there, in steps if it is large", () => {
  const writer = new JsonWriter();
  writer.text("data: ");
  const response = responseOf([floats("y", ...Array.from({ length: 20_000 }, () => 1))]);
  const steps = new GenerateEncoder().begin(response, writer);
  check.equal(steps.step(), undefined);
  runSteps(steps);
  check.equal(Buffer.from(writer.written).toString(), `data: ${textOf(response)}`);
});

test("a reader finds what the model gave, under sorted keys", () => {
  const name = fc
    .string({ unit: "binary", maxLength: 6 })
    .map((text) => Buffer.from(text).toString());
  const values = fc.array(fc.float(), { maxLength: 5 });
  const plan = fc.record({
    outputs: fc.uniqueArray(fc.tuple(name, values), { selector: ([key]) => key, maxLength: 6 }),
    id: name,
    parameters: fc.dictionary(name, fc.boolean(), { maxKeys: 4 }),
  });
  fc.assert(
    fc.property(plan, ({ outputs, id, parameters }) => {
      const tensors = outputs.map(([key, numbers]) => floats(key, ...numbers));
      const value = parseJson(Buffer.from(textOf(responseOf(tensors, { id, parameters }))));
      check.ok(value instanceof JsonObject);
      const keys = [...value.members.keys()];
      const sorted = [...keys].sort((one, other) =>
        Buffer.compare(Buffer.from(one), Buffer.from(other)),
      );
      check.deepEqual(keys, sorted);
      const expected = new Set([
        ...(id === "" ? [] : ["id"]),
        ...["model_name", "model_version"],
        ...Object.keys(parameters),
        ...outputs.map(([key]) => key),
      ]);
      check.deepEqual(new Set(keys), expected);
      for (const [key, numbers] of outputs) {
        if (key in parameters || ["id", "model_name", "model_version"].includes(key)) continue;
        const found = value.members.get(key);
        check.equal(Array.isArray(found) ? found.length : 1, numbers.length);
      }
    }),
  );
});
