/**
 * What is wrong with an inference request, in the protocol's words, and which of two faults is
 * told: the protocol's order of checks, each one against the next.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ErrorCode } from "./errors.ts";
import { DecodeSteps } from "./infer-request-json.ts";
import { runSteps } from "./steps.ts";

interface Plan {
  /** Bytes behind the JSON. */
  readonly binary?: string;
  readonly maxInputBytes?: number;
}

function decode(json: string, { binary = "", maxInputBytes = 2 ** 26 }: Plan): void {
  const head = Buffer.from(json);
  const chunk = Buffer.concat([head, Buffer.from(binary)]);
  const body = {
    modelName: "m",
    modelVersion: undefined,
    requestId: "made",
    chunks: [chunk],
    byteLength: chunk.length,
    maxInputBytes,
  };
  runSteps(new DecodeSteps(body, head.length));
}

/** Code and text of what is told. */
interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
}

const internal = (message: string): Fault => ({ code: "INTERNAL", message });
const invalid = (message: string): Fault => ({ code: "INVALID_ARGUMENT", message });

function checkFault(json: string, fault: Fault, plan: Plan = {}): void {
  check.throws(() => decode(json, plan), { name: "InferenceError", ...fault });
}

function wrongType(field: string, what: string): Fault {
  return internal(`Unable to parse '${field}': attempt to access JSON ${what}`);
}

function missing(field: string): Fault {
  return internal(
    `Unable to parse '${field}': attempt to access non-existing object member '${field}'`,
  );
}

function noJson(reason: string): Fault {
  return internal(`failed to parse the request JSON buffer: ${reason}`);
}

const nonString = "non-string as string";
const nonArray = "non-array as array";
const nonUnsigned = "non-unsigned-integer as unsigned-integer";
const nonBoolean = "non-boolean as boolean";
const limit = "Use --http-max-input-size to increase the limit.";
const largest = "9223372036854775807";
const oneSource =
  "Input must set only one of the following fields: 'data', 'binary_data_size' in 'parameters', " +
  "'shared_memory_region' in 'parameters'. But";
const noParameters = internal(
  "failed to get request params.: attempt to get members for non-object",
);
const reserved = invalid(
  "parameter keys starting with 'triton_' are reserved for Triton usage and should not be " +
    "specified.",
);
const leftOver = invalid("unexpected additional input data for model 'm'");
const tooFew = internal("Failed to parse 'data' field: shape does not match true shape");
const tooMany = internal("Unable to parse 'data': Shape does not match true shape of 'data' field");
const nesting = "JSON nesting depth exceeds maximum allowed limit (100)";
const isThere = (what: string, id = "<id_unknown>"): Fault =>
  invalid(`[request id: ${id}] ${what} already exists in request`);

/** A request with one input, of which some members are others, or none at all. */
function withInput(members: Readonly<Record<string, string | undefined>>, more = ""): string {
  const all = { name: '"x"', datatype: '"INT32"', shape: "[2]", data: "[1,2]", ...members };
  const texts = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `"${key}":${value}`);
  return `{"inputs":[{${texts.join()}}${more}]}`;
}

const binary = (bytes: string): Record<string, string | undefined> => ({
  data: undefined,
  parameters: `{"binary_data_size":${bytes}}`,
});

const withOutput = (output: string): string => `{"inputs":[],"outputs":[${output}]}`;
const outputWith = (parameters: string): string =>
  withOutput(`{"name":"y","parameters":{${parameters}}}`);
const deep = (text: string): string => `${"[".repeat(101)}${text}${"]".repeat(101)}`;
const late = { datatype: undefined, shape: undefined };

const cases: readonly [what: string, json: string, fault: Fault, plan?: Plan][] = [
  ["no document", "", noJson("The document is empty. at 0")],
  ["no JSON", "{", noJson("Missing a name for object member. at 1")],
  [
    "tensor bytes behind JSON without a header length",
    `${withInput(binary("8"))}12345678`,
    noJson("The document root must not be followed by other values. at 92"),
  ],
  ["the root is a list", "[1]", missing("inputs")],
  ["the root is null", "null", missing("inputs")],
  ["no inputs", "{}", missing("inputs")],
  ["inputs that are null", '{"inputs":null}', wrongType("inputs", nonArray)],
  ["inputs that are an object", '{"inputs":{"a":[1]}}', wrongType("inputs", nonArray)],
  ["an id that is null", '{"id":null,"inputs":[]}', wrongType("id", nonString)],
  ["an id that is a number", '{"id":7,"inputs":[]}', wrongType("id", nonString)],
  ["parameters that are null", '{"parameters":null,"inputs":[]}', noParameters],
  ["parameters that are a list", '{"parameters":[],"inputs":[]}', noParameters],
  ["an input that is no object", '{"inputs":[1]}', invalid(`${oneSource} no field is set`)],
  ["an empty input", '{"inputs":[{}]}', invalid(`${oneSource} no field is set`)],
  ["no source", withInput({ data: undefined }), invalid(`${oneSource} no field is set`)],
  [
    "parameters of an input that are no object",
    withInput({ data: undefined, parameters: '["binary_data_size"]' }),
    invalid(`${oneSource} no field is set`),
  ],
  [
    "two sources",
    withInput({ parameters: '{"binary_data_size":8}' }),
    invalid(`${oneSource} set 'data' 'binary_data_size'`),
  ],
  [
    "three sources, null among them",
    withInput({ data: "null", parameters: '{"shared_memory_region":1,"binary_data_size":null}' }),
    invalid(`${oneSource} set 'data' 'binary_data_size' 'shared_memory_region'`),
  ],
  ["no name", withInput({ name: undefined }), missing("name")],
  ["a name that is a number", withInput({ name: "1" }), wrongType("name", nonString)],
  ["no datatype", withInput({ datatype: undefined }), missing("datatype")],
  ["a datatype that is null", withInput({ datatype: "null" }), wrongType("datatype", nonString)],
  [
    "an unknown datatype",
    withInput({ datatype: '"int32"' }),
    invalid("invalid datatype for input x"),
  ],
  [
    "a datatype that objects have a member of",
    withInput({ datatype: '"constructor"' }),
    invalid("invalid datatype for input x"),
  ],
  ["no shape", withInput({ shape: undefined }), missing("shape")],
  ["a shape that is a number", withInput({ shape: "2" }), wrongType("shape", nonArray)],
  ["a negative dimension", withInput({ shape: "[-1]" }), wrongType("shape", nonUnsigned)],
  ["a fraction as dimension", withInput({ shape: "[2.0]" }), wrongType("shape", nonUnsigned)],
  ["a text as dimension", withInput({ shape: '["2"]' }), wrongType("shape", nonUnsigned)],
  ["a list as dimension", withInput({ shape: "[[2]]" }), wrongType("shape", nonUnsigned)],
  [
    "a dimension beyond 64 bits",
    withInput({ shape: "[18446744073709551616]" }),
    wrongType("shape", nonUnsigned),
  ],
  [
    "a dimension beyond int64",
    withInput({ shape: "[2,9223372036854775808]" }),
    invalid(
      "invalid shape for input 'x': shape [2,9223372036854775808] contains one or more invalid " +
        "dimensions",
    ),
  ],
  [
    "a dimension beyond int64, of no elements",
    withInput({ shape: "[18446744073709551615,0]" }),
    invalid(
      "invalid shape for input 'x': shape [18446744073709551615,0] contains one or more invalid " +
        "dimensions",
    ),
  ],
  [
    "too many elements for int64",
    withInput({ shape: "[4294967296,4294967296]" }),
    invalid(
      "invalid shape for input 'x': shape [4294967296,4294967296] causes total element count to " +
        `exceed maximum size of ${largest}`,
    ),
  ],
  [
    "too many strings for int64",
    withInput({ shape: `[${largest},2]`, datatype: '"BYTES"' }),
    invalid(
      `invalid shape for input 'x': shape [${largest},2] causes total element count to exceed ` +
        `maximum size of ${largest}`,
    ),
  ],
  [
    "too many bytes for int64",
    withInput({ shape: `[${largest}]`, ...binary("8") }),
    invalid(
      `byte size overflow for input 'x': element count (${largest}) * data type size (4) exceeds ` +
        `maximum allowed size (${largest})`,
    ),
  ],
  [
    "a name that is there already",
    withInput({}, ',{"name":"x","datatype":"BOOL","shape":[0],"data":[]}'),
    isThere("input 'x'"),
  ],
  [
    "a name that is there already, in a request with an id",
    `{"id":"7",${withInput({}, ',{"name":"x","datatype":"BOOL","shape":[0],"data":[]}').slice(1)}`,
    isThere("input 'x'", "7"),
  ],
  [
    "a binary size that is negative",
    withInput(binary("-1")),
    wrongType("binary_data_size", nonUnsigned),
  ],
  [
    "a binary size that is null",
    withInput(binary("null")),
    wrongType("binary_data_size", nonUnsigned),
  ],
  [
    "too few bytes",
    withInput(binary("8")),
    invalid("unexpected size for input 'x', expecting 3 additional bytes for model 'm'"),
    { binary: "12345" },
  ],
  [
    "far too few bytes",
    withInput(binary("18446744073709551615")),
    invalid(
      "unexpected size for input 'x', expecting 18446744073709551610 additional bytes for model 'm'",
    ),
    { binary: "12345" },
  ],
  ["bytes left over", withInput(binary("8")), leftOver, { binary: "123456789" }],
  ["bytes that nobody takes", withInput({}), leftOver, { binary: "1" }],
  [
    "a region",
    withInput({ data: undefined, parameters: '{"shared_memory_region":"r"}' }),
    { code: "NOT_FOUND", message: "Unable to find shared memory region: 'r'" },
  ],
  [
    "a region that is a number",
    withInput({ data: undefined, parameters: '{"shared_memory_region":1}' }),
    wrongType("shared_memory_region", nonString),
  ],
  ["data that is null", withInput({ data: "null" }), wrongType("data", nonArray)],
  ["data that is a number", withInput({ data: "7" }), wrongType("data", nonArray)],
  ...(["FP16", "BF16"] as const).map((datatype): [string, string, Fault] => [
    `${datatype} as JSON`,
    withInput({ datatype: `"${datatype}"` }),
    invalid(
      `receiving ${datatype} data via JSON is not supported. Please use the binary data format ` +
        "for input x",
    ),
  ]),
  [
    "an element of the wrong type",
    withInput({ data: '[1,"2"]' }),
    wrongType("data", "non-signed-integer as signed-integer"),
  ],
  [
    "an element that is no string",
    withInput({ datatype: '"BYTES"' }),
    internal("Unable to parse JSON bytes array: attempt to access JSON non-string as string"),
  ],
  [
    "an element out of range",
    withInput({ data: "[1,2147483648]" }),
    invalid("value 2147483648 of input 'x' is out of range for INT32"),
  ],
  ["too few elements", withInput({ data: "[1]" }), tooFew],
  ["too many elements", withInput({ data: "[[1,2],[3]]" }), tooMany],
  [
    "numbers that are nested too deep",
    withInput({ data: deep("1,2") }),
    invalid(`Unable to parse 'data': ${nesting}`),
  ],
  [
    "numbers that are nested too deep, before it is known that they are numbers",
    withInput({ ...late, data: deep("1,2") }).replace("}]", ',"datatype":"FP32","shape":[2]}]'),
    invalid(`Unable to parse 'data': ${nesting}`),
  ],
  [
    "strings that are nested too deep",
    withInput({ datatype: '"BYTES"', data: deep('"a"') }),
    invalid(nesting),
  ],
  [
    "parameters that are nested too deep",
    `{"parameters":{"a":${deep("")}},"inputs":[]}`,
    invalid(nesting),
  ],
  [
    "JSON above the limit",
    withInput({}),
    invalid(
      `request JSON size of 69 bytes exceeds the maximum allowed input size of 68 bytes. ${limit}`,
    ),
    { maxInputBytes: 68 },
  ],
  [
    "one input above the limit",
    withInput({ shape: "[3,2,50]" }),
    invalid(
      "JSON input 'x' has a byte_size (1200 bytes) that exceeds the maximum allowed value of 1199 " +
        `bytes. ${limit}`,
    ),
    { maxInputBytes: 1199 },
  ],
  [
    "one input far above the limit",
    withInput({ shape: "[2305843009213693951]" }),
    invalid(
      "JSON input 'x' has a byte_size (9223372036854775804 bytes) that exceeds the maximum allowed " +
        `value of 67108864 bytes. ${limit}`,
    ),
  ],
  ["outputs that are null", '{"inputs":[],"outputs":null}', wrongType("outputs", nonArray)],
];

for (const [what, json, fault, plan] of cases) {
  test(`fault: ${what}`, () => checkFault(json, fault, plan));
}

const root = (id: string, parameters: string, inputs: string): string =>
  `{"outputs":1,"inputs":${inputs},"parameters":${parameters},"id":${id}}`;
const sourceless = invalid(`${oneSource} no field is set`);
const overflow = `[${largest},2]`;
const overflowing = invalid(
  `invalid shape for input 'x': shape ${overflow} causes total element count to exceed maximum ` +
    `size of ${largest}`,
);
const before = '{"inputs":[{"name":"x","datatype":"BOOL","shape":[0],"data":[]},';
const again = (members: Record<string, string | undefined>): string =>
  before + withInput(members).slice('{"inputs":['.length);

/** Each has two faults; the one of the earlier check is told. */
const pairs: readonly [first: string, second: string, json: string, fault: Fault, plan?: Plan][] = [
  [
    "size of the JSON",
    "syntax",
    "{",
    invalid(
      `request JSON size of 1 bytes exceeds the maximum allowed input size of 0 bytes. ${limit}`,
    ),
    { maxInputBytes: 0 },
  ],
  [
    "syntax",
    "id",
    '{"id":1,"inputs":[1]',
    noJson("Missing a comma or '}' after an object member. at 20"),
  ],
  ["id", "parameters", root("1", "1", "1"), wrongType("id", nonString)],
  ["parameters", "inputs", root('"7"', "1", "1"), noParameters],
  [
    "parameters, the first of them",
    "the second",
    '{"parameters":{"priority":-1,"triton_a":1},"inputs":[]}',
    wrongType("priority", nonUnsigned),
  ],
  [
    "parameters, the first of them again",
    "the second",
    '{"parameters":{"triton_a":1,"priority":-1},"inputs":[]}',
    reserved,
  ],
  ["inputs", "outputs", root('"7"', "{}", "1"), wrongType("inputs", nonArray)],
  ["source", "name", withInput({ data: undefined, name: "1" }), sourceless],
  ["name", "datatype", withInput({ name: "1", datatype: "1" }), wrongType("name", nonString)],
  ["datatype", "shape", withInput({ datatype: "1", shape: "1" }), wrongType("datatype", nonString)],
  ["shape", "repetition", again({ shape: "[-1]" }), wrongType("shape", nonUnsigned)],
  ["size of the shape", "repetition", again({ shape: overflow }), overflowing],
  [
    "unknown datatype",
    "repetition",
    again({ datatype: '"X"' }),
    invalid("invalid datatype for input x"),
  ],
  ["repetition", "binary size", again(binary("-1")), isThere("input 'x'")],
  [
    "repetition",
    "region",
    again({ data: undefined, parameters: '{"shared_memory_region":1}' }),
    isThere("input 'x'"),
  ],
  ["repetition", "data", again({ data: '["a"]' }), isThere("input 'x'")],
  [
    "datatype that JSON cannot carry",
    "elements",
    withInput({ datatype: '"FP16"', data: '["a",1]' }),
    invalid(
      "receiving FP16 data via JSON is not supported. Please use the binary data format for input x",
    ),
  ],
  [
    "size of an input",
    "its elements",
    withInput({ shape: "[100000]", data: '["a",1]' }),
    invalid(
      "JSON input 'x' has a byte_size (400000 bytes) that exceeds the maximum allowed value of " +
        `399999 bytes. ${limit}`,
    ),
    { maxInputBytes: 399_999 },
  ],
  [
    "elements of the first input",
    "everything of the second",
    withInput({ data: "[1]" }, ",{}"),
    tooFew,
  ],
  [
    "elements of the first input",
    "elements of the second",
    withInput({ data: "[1]" }, ',{"name":"y","datatype":"INT8","shape":[1],"data":["a"]}'),
    tooFew,
  ],
  [
    "elements of the first input, read late",
    "elements of the second",
    `{"inputs":[{"data":[1,2,3],"name":"x","datatype":"INT8","shape":[1]},${withInput({
      data: "[1]",
    }).slice('{"inputs":['.length)}`,
    tooMany,
  ],
  [
    "everything of the first input",
    "elements of the second",
    '{"inputs":[{},{"name":"y","datatype":"INT8","shape":[1],"data":["a"]}]}',
    sourceless,
  ],
  ["elements", "bytes left over", withInput({ data: "[1]" }), tooFew, { binary: "1" }],
  ["bytes left over", "outputs", '{"inputs":[],"outputs":1}', leftOver, { binary: "1" }],
  [
    "outputs: conflict",
    "name",
    withOutput('{"parameters":{"shared_memory_region":1,"binary_data":true}}'),
    invalid("Output can't set both 'shared_memory_region' and 'binary_data'"),
  ],
  [
    "outputs: name",
    "classification",
    withOutput('{"name":1,"parameters":{"classification":-1}}'),
    wrongType("name", nonString),
  ],
  [
    "outputs: classification",
    "binary_data",
    outputWith('"classification":-1,"binary_data":1'),
    internal(`Unable to set 'classification': attempt to access JSON ${nonUnsigned}`),
  ],
  [
    "outputs: the first",
    "the second",
    withOutput('{"name":"y","parameters":{"binary_data":1}},{"name":"y"}'),
    wrongType("binary_data", nonBoolean),
  ],
];

for (const [first, second, json, fault, plan] of pairs) {
  test(`${first} before ${second}`, () => checkFault(json, fault, plan));
}

test("syntax comes before all that is wrong with elements", () => {
  for (const data of ['["a"]', "[1]", "[1,2,3]", "[300000000000]", deep("1"), "null"]) {
    const json = withInput({ data });
    const reason = "The document root must not be followed by other values.";
    checkFault(`${json}x`, noJson(`${reason} at ${json.length}`));
  }
});
