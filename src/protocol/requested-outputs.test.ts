/**
 * Requested outputs: which, in which form, and what is refused before what.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ErrorCode } from "./errors.ts";
import { parseJson } from "./json-reader.ts";
import { allAsBinary, type RequestedOutputs, readOutputs } from "./requested-outputs.ts";

function read(json: string, isBinaryByDefault = false, id = ""): RequestedOutputs {
  return readOutputs(parseJson(Buffer.from(json)), id, isBinaryByDefault);
}

const asked: readonly [json: string, isBinary: readonly (readonly [string, boolean])[]][] = [
  ['[{"name":"a"}]', [["a", false]]],
  [
    '[{"name":"b","parameters":{"binary_data":true}},{"name":"a","parameters":{"binary_data":false}}]',
    [
      ["b", true],
      ["a", false],
    ],
  ],
  ['[{"name":"a","parameters":{}}]', [["a", false]]],
  ['[{"name":"a","parameters":[1]}]', [["a", false]]],
  ['[{"name":"a","parameters":null}]', [["a", false]]],
  ['[{"name":"a","parameters":{"classification":0}}]', [["a", false]]],
  ['[{"name":"a","unknown":{"name":1}}]', [["a", false]]],
  ['[{"name":""}]', [["", false]]],
];

for (const [json, isBinary] of asked) {
  test(`asked for: ${json}`, () => {
    // The default holds for those alone that are not listed.
    for (const isBinaryByDefault of [false, true]) {
      check.deepEqual(read(json, isBinaryByDefault), {
        names: isBinary.map(([name]) => name),
        forms: { isBinaryByDefault, isBinary: new Map(isBinary) },
        classes: undefined,
      });
    }
  });
}

test("none listed, or no list: all outputs, in the default form", () => {
  for (const isBinaryByDefault of [false, true]) {
    const forms = { isBinaryByDefault, isBinary: undefined };
    const all = { names: [], forms, classes: undefined };
    check.deepEqual(read("[]", isBinaryByDefault), all);
    check.deepEqual(readOutputs(undefined, "", isBinaryByDefault), all);
  }
  check.equal(readOutputs(undefined, "", true), allAsBinary);
});

test("classes of outputs, each in its form", () => {
  const { names, forms, classes } = read(
    '[{"name":"a","parameters":{"classification":3}},{"name":"b"},' +
      '{"name":"c","parameters":{"classification":18446744073709551615,"binary_data":true}}]',
  );
  check.deepEqual(names, ["a", "b", "c"]);
  check.equal(forms.isBinary?.get("a"), false);
  check.equal(forms.isBinary?.get("c"), true);
  check.deepEqual(
    [...(classes ?? [])],
    [
      ["a", 3],
      ["c", 2 ** 64],
    ],
  );
});

type Fault = readonly [ErrorCode, string];

const noArray: Fault = [
  "INTERNAL",
  "Unable to parse 'outputs': attempt to access JSON non-array as array",
];
const noName: Fault = [
  "INTERNAL",
  "Unable to parse 'name': attempt to access non-existing object member 'name'",
];
const nameType: Fault = [
  "INTERNAL",
  "Unable to parse 'name': attempt to access JSON non-string as string",
];
const classType: Fault = [
  "INTERNAL",
  "Unable to set 'classification': attempt to access JSON non-unsigned-integer as unsigned-integer",
];
const binaryType: Fault = [
  "INTERNAL",
  "Unable to parse 'binary_data': attempt to access JSON non-boolean as boolean",
];
const regionType: Fault = [
  "INTERNAL",
  "Unable to parse 'shared_memory_region': attempt to access JSON non-string as string",
];
const unknownRegion: Fault = ["NOT_FOUND", "Unable to find shared memory region: 'r'"];
const again: Fault = [
  "INVALID_ARGUMENT",
  "[request id: <id_unknown>] output 'a' already exists in request",
];
const conflict = (other: string): Fault => [
  "INVALID_ARGUMENT",
  `Output can't set both 'shared_memory_region' and '${other}'`,
];
const output = (parameters: string): string => `[{"name":"a","parameters":{${parameters}}}]`;

const refused: readonly [json: string, fault: Fault][] = [
  ["null", noArray],
  ["{}", noArray],
  ['"a"', noArray],
  ["[1]", noName],
  ["[{}]", noName],
  ['[["name"]]', noName],
  ['[{"name":null}]', nameType],
  ['[{"name":["a"]}]', nameType],
  ['[{"name":"a"},{"name":"b"},{"name":"a"}]', again],
  [output('"classification":-1'), classType],
  [output('"classification":1.5'), classType],
  [output('"classification":"3"'), classType],
  [output('"binary_data":1'), binaryType],
  [output('"binary_data":null'), binaryType],
  [output('"shared_memory_region":1'), regionType],
  [output('"shared_memory_region":"r"'), unknownRegion],
  [output('"shared_memory_region":"r","classification":0'), conflict("classification")],
  [output('"shared_memory_region":"r","binary_data":false'), conflict("binary_data")],
  // Of two faults the one of the earlier check.
  [
    output('"binary_data":1,"classification":1,"shared_memory_region":1'),
    conflict("classification"),
  ],
  ['[{"parameters":{"shared_memory_region":1,"binary_data":1}}]', conflict("binary_data")],
  ['[{"name":"a"},{"name":"a","parameters":{"classification":-1}}]', again],
  ['[{"name":1,"parameters":{"classification":-1}}]', nameType],
  [output('"binary_data":1,"classification":-1'), classType],
  ['[{"name":"a","parameters":{"binary_data":1}},1]', binaryType],
];

for (const [json, [code, message]] of refused) {
  test(`refused: ${json}`, () => {
    check.throws(() => read(json), { name: "InferenceError", code, message });
  });
}

test("a fault names the request, if it has an id", () => {
  check.throws(() => read('[{"name":"a"},{"name":"a"}]', false, "7"), {
    message: "[request id: 7] output 'a' already exists in request",
  });
});
