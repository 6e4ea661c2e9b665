/**
 * Requests to generate: what plain JSON becomes, which fault is told, and that any bytes give a
 * request or one of the protocol's errors.
 *
 * Not here: shapes of many dimensions (generate-input.test.ts).
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { InferenceError } from "./errors.ts";
import { GenerateSteps } from "./generate-request.ts";
import type { InferRequest } from "./infer.ts";
import { packBytes } from "./packed-bytes.ts";
import type { ModelInput, ModelInputs } from "./request-body.ts";
import { runSteps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

const input = (name: string, datatype: ModelInput["datatype"], ...dims: number[]): ModelInput => ({
  name,
  datatype,
  dims,
});

const model: ModelInputs = {
  maxBatchSize: 8,
  inputs: [
    input("PROMPT", "BYTES", 1),
    input("STREAM", "BOOL", 1),
    input("X", "FP32", -1),
    input("WIDE", "INT64", -1),
    input("SMALL", "UINT8", -1),
    input("HALF", "FP16", -1),
    input("THREE", "INT32", 3),
  ],
};

interface Plan {
  readonly model?: ModelInputs;
  readonly maxInputBytes?: number;
}

function stepsOf(chunks: readonly Uint8Array[], plan: Plan = {}): GenerateSteps {
  return new GenerateSteps({
    modelName: "m",
    modelVersion: 3,
    requestId: "made",
    chunks,
    byteLength: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0),
    maxInputBytes: 2 ** 20,
    model,
    ...plan,
  });
}

function decode(json: string | Uint8Array, plan?: Plan): InferRequest {
  return runSteps(stepsOf([Buffer.from(json as string)], plan)).request;
}

function bytesOf({ chunks }: WireTensor): Buffer {
  return Buffer.concat(chunks);
}

function textsOf(...texts: readonly string[]): Uint8Array {
  return packBytes(texts.map((text) => Buffer.from(text)));
}

function bytes(
  array: ArrayLike<number | bigint> & { readonly buffer: ArrayBufferLike },
): Uint8Array {
  return new Uint8Array(array.buffer);
}

test("a request as a whole", () => {
  const request = decode(
    '{"PROMPT":"hi","temperature":0.5,"id":"7","parameters":{"STREAM":true,"priority":2,' +
      '"timeout":5000,"sequence_id":9,"sequence_start":true,"top_k":4},"stop":"\\n","seed":1}',
  );
  const { inputs, parameters, ...rest } = request;
  check.deepEqual(rest, {
    modelName: "m",
    modelVersion: 3,
    id: "7",
    logId: "7",
    requestedOutputs: [],
    priority: 2,
    timeoutMs: 5,
    sequence: { id: 9n, isStart: true, isEnd: false },
  });
  check.deepEqual({ ...parameters }, { temperature: 0.5, top_k: 4, stop: "\n", seed: 1 });
  check.deepEqual(
    inputs.map(({ name, datatype, shape }) => [name, datatype, shape]),
    [
      ["PROMPT", "BYTES", [1, 1]],
      ["STREAM", "BOOL", [1, 1]],
    ],
  );
  check.deepEqual(inputs.map(bytesOf), [Buffer.from(textsOf("hi")), Buffer.from([1])]);
});

const tensors: readonly [json: string, shape: readonly number[], bytes: Uint8Array][] = [
  ['"PROMPT":["a","é\\u0000"]', [2, 1], textsOf("a", "é\0")],
  ['"PROMPT":""', [1, 1], textsOf("")],
  ['"STREAM":[false,1,0]', [3, 1], Uint8Array.of(0, 1, 0)],
  ['"X":1', [1, 1], bytes(Float32Array.of(1))],
  ['"X":[1, 2 ,3]', [1, 3], bytes(Float32Array.of(1, 2, 3))],
  ['"X":[NaN,Infinity,-Infinity,-0]', [1, 4], bytes(Float32Array.of(NaN, Infinity, -Infinity, -0))],
  ['"X" : -Infinity ', [1, 1], bytes(Float32Array.of(-Infinity))],
  [
    '"WIDE":[9223372036854775807,-9223372036854775808]',
    [1, 2],
    bytes(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n))),
  ],
  ['"WIDE":9007199254740993', [1, 1], bytes(BigInt64Array.of(9007199254740993n))],
  ['"THREE":[1,2,3,4,5,6]', [2, 3], bytes(Int32Array.of(1, 2, 3, 4, 5, 6))],
  ['"X":[]', [], new Uint8Array(0)],
  ['"PROMPT":[ ]', [], new Uint8Array(0)],
  ['"HALF":[]', [], new Uint8Array(0)],
];

for (const [json, shape, expected] of tensors) {
  for (const [where, body] of [
    ["at the top", `{${json}}`],
    ["in parameters", `{"parameters":{${json}}}`],
    ["between others", `{"a":1,${json},"c":2}`],
  ] as const) {
    test(`an input ${where}: ${json}`, () => {
      const { inputs } = decode(body);
      check.deepEqual(
        inputs.map((tensor) => [tensor.shape, bytesOf(tensor)]),
        [[shape, Buffer.from(expected)]],
      );
    });
  }
}

const parameters: readonly [body: string, custom: object][] = [
  ["{}", {}],
  [" \n{ } ", {}],
  ['\ufeff{"a":1}', { a: 1 }],
  [
    '{"a":"x","b":true,"c":-1,"d":1.5,"e":18446744073709551615}',
    { a: "x", b: true, c: -1, d: 1.5, e: 2 ** 64 },
  ],
  ['{"a":9007199254740993}', { a: 9007199254740993n }],
  ['{"a":NaN}', { a: NaN }],
  [
    '{"triton_x":1,"priority":-1,"sequence_id":true}',
    { triton_x: 1, priority: -1, sequence_id: true },
  ],
  ['{"parameters":{"triton_x":1,"id":5,"PROMPTS":"x"}}', { triton_x: 1, id: 5, PROMPTS: "x" }],
  ['{"parameters":{"parameters":1}}', { parameters: 1 }],
  ['{"parameters":{},"a":1}', { a: 1 }],
  ['{"a":1,"a":2,"parameters":{"a":3}}', { a: 1 }],
  ['{"parameters":{"a":1},"parameters":{"b":2}}', { a: 1 }],
  ['{"__proto__":1,"constructor":2}', JSON.parse('{"__proto__":1,"constructor":2}')],
  ['{"parameters":{"binary_data_output":false}}', {}],
];

for (const [body, custom] of parameters) {
  test(`every other key is a parameter: ${body}`, () => {
    const request = decode(body);
    check.deepEqual(Object.entries(request.parameters), Object.entries(custom));
    check.deepEqual(request.inputs, []);
    check.equal(request.priority, 0);
  });
}

test("of a name of the protocol the first counts", () => {
  check.equal(decode('{"parameters":{"priority":1,"priority":2}}').priority, 1);
});

test("the first id counts, and it may be an input too", () => {
  check.equal(decode('{"id":"a","id":"b"}').id, "a");
  check.deepEqual({ ...decode('{"id":"a","id":7}').parameters }, {});
  check.equal(decode('{"id":""}').logId, "made");
  const withId = { maxBatchSize: 0, inputs: [input("id", "BYTES", 1)] };
  const { id, inputs } = decode('{"id":"a"}', { model: withId });
  check.equal(id, "a");
  check.deepEqual(inputs.map(bytesOf), [Buffer.from(textsOf("a"))]);
});

const parse = "failed to parse the request JSON buffer:";
const data = "Unable to parse 'data': attempt to access JSON";
const notFlat = "Unable to parse 'data': Shape does not match true shape of 'data' field";
const noString = "Unable to parse JSON bytes array: attempt to access JSON non-string as string";
const noShape = (name: string): string =>
  `The schema can not convert input '${name}' to tensor with proper shape`;
const noFp16 =
  "receiving FP16 data via JSON is not supported. Please use the binary data format for input HALF";
const invalidType = (name: string): string =>
  `parameter '${name}' has invalid type. It should be either 'int', 'bool', or 'string'.`;
const nested = "Converting keyword: 'parameters': ";
const noObject = "attempt to access JSON non-object as object";

const refused: readonly [body: string, code: "INTERNAL" | "INVALID_ARGUMENT", message: string][] = [
  ["", "INTERNAL", `${parse} The document is empty. at 0`],
  ["  ", "INTERNAL", `${parse} The document is empty. at 2`],
  ["[]", "INTERNAL", "attempt to get members for non-object"],
  ["null", "INTERNAL", "attempt to get members for non-object"],
  ['"x"', "INTERNAL", "attempt to get members for non-object"],
  ["[1,]", "INTERNAL", `${parse} Invalid value. at 3`],
  ["{} x", "INTERNAL", `${parse} The document root must not be followed by other values. at 3`],
  ['{"a"}', "INTERNAL", `${parse} Missing a colon after a name of object member. at 4`],
  ['{"X":[1,2}', "INTERNAL", `${parse} Missing a comma or ']' after an array element. at 9`],
  ['{"X":[1,,2]}', "INTERNAL", `${parse} Invalid value. at 8`],
  ['{"X":[1', "INTERNAL", `${parse} Missing a comma or ']' after an array element. at 7`],
  [
    '{"parameters":{"a":1}',
    "INTERNAL",
    `${parse} Missing a comma or '}' after an object member. at 21`,
  ],
  ['{"id":7}', "INTERNAL", "Unable to parse 'id': attempt to access JSON non-string as string"],
  ['{"id":null}', "INTERNAL", "Unable to parse 'id': attempt to access JSON non-string as string"],
  [
    '{"X":"a","id":[]}',
    "INTERNAL",
    "Unable to parse 'id': attempt to access JSON non-string as string",
  ],
  ['{"parameters":1}', "INTERNAL", `Expected JSON object for keyword: 'parameters': ${noObject}`],
  ['{"parameters":[]}', "INTERNAL", `Expected JSON object for keyword: 'parameters': ${noObject}`],
  ['{"a":{}}', "INVALID_ARGUMENT", invalidType("a")],
  ['{"a":[1]}', "INVALID_ARGUMENT", invalidType("a")],
  ['{"a":null}', "INVALID_ARGUMENT", invalidType("a")],
  ['{"parameters":{"a":[]}}', "INVALID_ARGUMENT", nested + invalidType("a")],
  ['{"parameters":{"parameters":{}}}', "INVALID_ARGUMENT", nested + invalidType("parameters")],
  [
    '{"parameters":{"priority":-1}}',
    "INTERNAL",
    `${nested}Unable to parse 'priority': attempt to access JSON non-unsigned-integer as unsigned-integer`,
  ],
  [
    '{"parameters":{"sequence_start":1}}',
    "INTERNAL",
    `${nested}Unable to parse 'sequence_start': attempt to access JSON non-boolean as boolean`,
  ],
  [
    '{"parameters":{"binary_data_output":true}}',
    "INVALID_ARGUMENT",
    `${nested}outputs of generate are JSON: 'binary_data_output' must not be true`,
  ],
  ['{"X":"a"}', "INTERNAL", `${data} non-number as double`],
  ['{"X":null}', "INTERNAL", `${data} non-number as double`],
  ['{"X":{}}', "INTERNAL", `${data} non-number as double`],
  ['{"X":[1,{"a":"]"},2]}', "INTERNAL", `${data} non-number as double`],
  ['{"X":[1,"]",2]}', "INTERNAL", `${data} non-number as double`],
  ['{"STREAM":"false"}', "INTERNAL", `${data} non-boolean as boolean`],
  ['{"WIDE":1.5}', "INTERNAL", `${data} non-signed-integer as signed-integer`],
  ['{"SMALL":-1}', "INTERNAL", `${data} non-unsigned-integer as unsigned-integer`],
  ['{"SMALL":[1,256]}', "INVALID_ARGUMENT", "value 256 of input 'SMALL' is out of range for UINT8"],
  ['{"X":[[1]]}', "INTERNAL", notFlat],
  ['{"X":[1,[2]]}', "INTERNAL", notFlat],
  ['{"X":[[]]}', "INTERNAL", notFlat],
  ['{"X":[[1,2],"a"]}', "INTERNAL", notFlat],
  ['{"PROMPT":1}', "INTERNAL", noString],
  ['{"PROMPT":null}', "INTERNAL", noString],
  ['{"PROMPT":{"USER":"hello"}}', "INTERNAL", noString],
  ['{"PROMPT":["a",1]}', "INTERNAL", noString],
  ['{"PROMPT":[["a"]]}', "INTERNAL", noString],
  ['{"THREE":[1,2]}', "INVALID_ARGUMENT", noShape("THREE")],
  ['{"THREE":["a","b"]}', "INTERNAL", `${data} non-signed-integer as signed-integer`],
  ['{"THREE":1}', "INVALID_ARGUMENT", noShape("THREE")],
  ['{"HALF":1}', "INVALID_ARGUMENT", noFp16],
  ['{"HALF":[[{}]]}', "INVALID_ARGUMENT", noFp16],
  [
    '{"PROMPT":"a","PROMPT":"b"}',
    "INVALID_ARGUMENT",
    "[request id: <id_unknown>] input 'PROMPT' already exists in request",
  ],
  [
    '{"PROMPT":"a","parameters":{"PROMPT":"b"},"id":"9"}',
    "INVALID_ARGUMENT",
    `${nested}[request id: 9] input 'PROMPT' already exists in request`,
  ],
  // Which fault is told: the first, unless the text is no JSON.
  ['{"X":"a","a":{},"PROMPT":1}', "INTERNAL", `${data} non-number as double`],
  ['{"a":{},"X":"a"}', "INVALID_ARGUMENT", invalidType("a")],
  ['{"parameters":{"a":{}},"b":[]}', "INVALID_ARGUMENT", nested + invalidType("a")],
  ['{"a":{},"parameters":1}', "INVALID_ARGUMENT", invalidType("a")],
  ['{"X":"a","b":tru}', "INTERNAL", `${parse} Invalid value. at 16`],
  ['{"X":[1,[2],3', "INTERNAL", `${parse} Missing a comma or ']' after an array element. at 13`],
];

for (const [body, code, message] of refused) {
  test(`refused: ${body}`, () => {
    check.throws(() => decode(body), { name: "InferenceError", code, message });
  });
}

test("a model with an input of the name 'parameters' cannot be asked with parameters", () => {
  const odd = { maxBatchSize: 0, inputs: [input("parameters", "FP32", 1)] };
  const message = "Keyword 'parameters' for nested schema also given as input tensor name";
  for (const body of ['{"parameters":{}}', '{"parameters":1}']) {
    check.throws(() => decode(body, { model: odd }), { code: "INVALID_ARGUMENT", message });
  }
});

test("the JSON, and all inputs together, have a limit", () => {
  const remedy = "Use --http-max-input-size to increase the limit.";
  const body = '{"X":[1,2,3,4,5,6,7,8],"WIDE":[1,2,3]}';
  check.throws(() => decode(body, { maxInputBytes: 37 }), {
    code: "INVALID_ARGUMENT",
    message: `request JSON size of 38 bytes exceeds the maximum allowed input size of 37 bytes. ${remedy}`,
  });
  const why =
    "request size of 56 bytes with input 'WIDE' of size 24 bytes exceeds the maximum allowed " +
    `input size of 55. ${remedy}`;
  check.throws(() => decode(body, { maxInputBytes: 55 }), {
    code: "INVALID_ARGUMENT",
    message: why,
  });
  check.equal(decode(body, { maxInputBytes: 56 }).inputs.length, 2);
  const texts = '{"PROMPT":["","",""]}';
  check.equal(decode(texts, { maxInputBytes: 21 }).inputs[0]?.byteLength, 12);
});

const text = fc.string({ unit: "binary" });
/** `JSON.stringify` knows no negative zero. */
const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => value || 0);
const scalar = fc.oneof(
  text,
  fc.boolean(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
);

function jsonOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(", ")}]`;
  return typeof value === "bigint" ? String(value) : JSON.stringify(value);
}

test("what is written comes back, however the body is cut and its keys are ordered", () => {
  const members = fc.record({
    PROMPT: fc.array(text, { minLength: 1, maxLength: 5 }),
    STREAM: fc.boolean(),
    X: fc.array(float, { minLength: 1 }),
    WIDE: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 }),
    SMALL: fc.integer({ min: 0, max: 255 }),
  });
  const custom = fc.dictionary(
    text.map((key) => `p${key}`),
    scalar,
  );
  const plan = fc.record({
    members,
    custom,
    id: text,
    order: fc.array(fc.nat(), { minLength: 32, maxLength: 32 }),
    isNested: fc.boolean(),
    cut: fc.nat(),
  });
  fc.assert(
    fc.property(plan, ({ members, custom, id, order, isNested, cut }) => {
      const pairs = Object.entries({ ...members, ...custom })
        .map(([key, value]) => `${JSON.stringify(key)}:${jsonOf(value)}`)
        .map((pair, index) => ({ pair, at: order[index % order.length] ?? 0 }))
        .sort((one, other) => one.at - other.at)
        .map(({ pair }) => pair)
        .join(",");
      const idPair = `"id":${JSON.stringify(id)}`;
      const body = Buffer.from(
        isNested ? `{${idPair},"parameters":{${pairs}}}` : `{${pairs},${idPair}}`,
      );
      const at = cut % body.byteLength;
      const { request } = runSteps(stepsOf([body.subarray(0, at), body.subarray(at)]));
      check.equal(request.id, Buffer.from(id).toString());
      const found = new Map(request.inputs.map((tensor) => [tensor.name, bytesOf(tensor)]));
      check.deepEqual(Object.fromEntries(found), {
        PROMPT: Buffer.from(textsOf(...members.PROMPT)),
        STREAM: Buffer.from([Number(members.STREAM)]),
        X: Buffer.from(Float32Array.from(members.X).buffer),
        WIDE: Buffer.from(BigInt64Array.from(members.WIDE).buffer),
        SMALL: Buffer.from([members.SMALL]),
      });
      for (const [key, value] of Object.entries(custom)) {
        const got = request.parameters[key];
        if (typeof value === "bigint") check.equal(BigInt(got as bigint), value);
        else if (typeof value === "string") check.equal(got, Buffer.from(value).toString());
        else check.equal(got, value);
      }
    }),
  );
});

/** Any error but one of the protocol's is a bug. */
function decodeOrRefuse(body: Uint8Array): void {
  try {
    decode(body);
  } catch (error) {
    check.ok(error instanceof InferenceError, String(error));
    check.match(error.code, /^(INTERNAL|INVALID_ARGUMENT|UNIMPLEMENTED)$/);
    check.notEqual(error.message, "internal error");
  }
}

test("any bytes give a request or one of the protocol's errors", () => {
  fc.assert(fc.property(fc.uint8Array(), decodeOrRefuse));
  const pieces = fc.constantFrom(
    ...'{}[]:,"\\ 1-.eNaI'.split(""),
    '"X":',
    '"PROMPT":',
    '"parameters":',
    '"id":',
    '"a":',
    "[1,2]",
    '"b"',
    "null",
    "true",
    "1e9",
  );
  const texts = fc.array(pieces, { maxLength: 30 }).map((parts) => Buffer.from(parts.join("")));
  fc.assert(fc.property(texts, decodeOrRefuse), { numRuns: 2000 });
  fc.assert(
    fc.property(
      fc.constantFrom(...refused.map(([body]) => body)),
      fc.nat(),
      fc.nat(255),
      (body, at, byte) => {
        const changed = Buffer.from(body === "" ? "{}" : body);
        changed[at % changed.byteLength] = byte;
        decodeOrRefuse(changed);
      },
    ),
    { numRuns: 2000 },
  );
});

const large: readonly [what: string, body: string, error: RegExp | undefined][] = [
  ["a long array", `{"X":[${"1,".repeat(400_000)}1]}`, undefined],
  ["many texts", `{"PROMPT":[${'"a",'.repeat(50_000)}"a"]}`, undefined],
  ["many keys", `{${'"a":1,'.repeat(90_000)}"b":1}`, undefined],
  ["many keys inside", `{"parameters":{${'"a":1,'.repeat(90_000)}"b":1}}`, undefined],
  ["more keys than are counted", `{${'"a":1,'.repeat(100_001)}"b":1}`, /more than 100000 values/],
  ["deep arrays", `{"X":${"[".repeat(400_000)}${"]".repeat(400_000)}}`, /true shape/],
  ["deep objects", `{"a":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}`, /invalid type/],
  ["a long array of wrong elements", `{"X":["a"${",1".repeat(400_000)}]}`, /non-number as double/],
  ["blanks", `{${" ".repeat(10)}"X":[1${" ".repeat(400_000)},2]}`, undefined],
];

for (const [what, body, error] of large) {
  test(`is read in steps: ${what}`, () => {
    const steps = stepsOf([Buffer.from(body)], { maxInputBytes: 2 ** 24 });
    let count = 0;
    const run = (): void => {
      for (count = 1; steps.step() === undefined; count += 1);
    };
    if (error === undefined) run();
    else check.throws(run, error);
    check.ok(count > body.length / 1_000_000 + 1, `${count} steps`);
  });
}

test("memory is that of the elements, whatever follows", () => {
  const { inputs } = decode(`{"WIDE":[1,2,3],"PROMPT":"${"x".repeat(500_000)}"}`);
  check.equal(inputs[0]?.chunks[0]?.buffer.byteLength, 64 * 1024, "a piece of a slab");
});
