/**
 * Requests that are none: any bytes give a request or one of the protocol's errors, nothing else
 * is thrown, and what is allocated is bounded by what was sent, whatever it claims to be.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { InferenceError } from "./errors.ts";
import { DocumentSteps, type InputData } from "./infer-request-document.ts";
import { type DecodedRequest, DecodeSteps } from "./infer-request-json.ts";
import { JsonReader } from "./json-reader.ts";
import { elementCount } from "./shape.ts";
import { runSteps } from "./steps.ts";

/** Of each input: how many bytes its data has, that it was only skipped so far, or what else. */
function dataOf(json: string): readonly string[] {
  const reader = new JsonReader(Buffer.from(json));
  const { inputs } = runSteps(new DocumentSteps(reader, 1000));
  check.ok(Array.isArray(inputs));
  return inputs.map(({ data }: { readonly data: InputData | undefined }) => {
    if (data instanceof Uint8Array) return `${data.byteLength} bytes`;
    if (data instanceof InferenceError) return "faulty";
    if (typeof data === "number") check.match(json.slice(data), /^\[7\]/);
    return typeof data === "number" ? "skipped" : String(data);
  });
}

const head = '"name":"x","datatype":"INT8","shape":[1]';
const faulty = `{${head},"data":["a"]}`;

const documents: readonly [what: string, inputs: string, ...kinds: string[]][] = [
  ["data behind what says how to read it", `{${head},"data":[7]}`, "1 bytes"],
  ["data before it", `{"data":[7],${head}}`, "skipped"],
  ["no data", `{${head}}`, "undefined"],
  ["data that is no array", `{${head},"data":7}`, "no array"],
  ["a second one", `{${head},"data":[7],"data":7}`, "1 bytes"],
  ["a fault", faulty, "faulty"],
  ["data of an unknown datatype", '{"name":"x","datatype":"?","shape":[1],"data":[7]}', "skipped"],
  [
    "data of one that JSON cannot carry",
    '{"name":"x","datatype":"FP16","shape":[1],"data":[7]}',
    "skipped",
  ],
  ["data of no elements", '{"name":"x","datatype":"INT8","shape":[0],"data":[7]}', "skipped"],
  ["data of too many bytes", '{"name":"x","datatype":"FP64","shape":[126],"data":[7]}', "skipped"],
  [
    "data of as many as may be",
    '{"name":"x","datatype":"FP64","shape":[125],"data":[7]}',
    "faulty",
  ],
  ["what follows a fault", `${faulty},{${head},"data":[7]}`, "faulty", "skipped"],
];

for (const [what, inputs, ...kinds] of documents) {
  test(`the document: ${what}`, () => {
    check.deepEqual(dataOf(`{"inputs":[${inputs}]}`), kinds);
  });
}

const texts: readonly RegExp[] = [
  /^failed to parse the request JSON buffer: .+\.? at \d+$/,
  /^Unable to parse '\w+': attempt to access non-existing object member '\w+'$/,
  /^Unable to parse '\w+': attempt to access JSON non-[a-z-]+ as [a-z-]+$/,
  /^Unable to parse JSON bytes array: attempt to access JSON non-string as string$/,
  /^Unable to parse 'data': Shape does not match true shape of 'data' field$/,
  /^Unable to set 'classification': attempt to access JSON non-unsigned-integer as /,
  /^Failed to parse 'data' field: shape does not match true shape$/,
  /^(Unable to parse 'data': )?JSON nesting depth exceeds maximum allowed limit \(100\)$/,
  /^JSON of a request has more than 100000 values beside its data$/,
  /^failed to get request params\.: attempt to get members for non-object$/,
  /^parameter keys starting with 'triton_' are reserved for Triton usage /,
  /^parameter '[\s\S]*' has invalid type\. It should be either 'int', 'bool', or 'string'\.$/,
  /^string correlation ID cannot be longer than 128 characters$/,
  /^Input must set only one of the following fields: /,
  /^invalid datatype for input /,
  /^receiving B?FP16 data via JSON is not supported\. /,
  /^\[request id: [\s\S]*\] (in|out)put '[\s\S]*' already exists in request$/,
  /^invalid shape for input '[\s\S]*': shape \[[\d,]*\] /,
  /^byte size overflow for input '[\s\S]*': element count \(\d+\) \* data type size /,
  /^value -?\d+ of input '[\s\S]*' is out of range for U?INT\d+$/,
  /^unexpected size for input '[\s\S]*', expecting \d+ additional bytes for model 'm'$/,
  /^unexpected additional input data for model 'm'$/,
  /^(request JSON size of|JSON input '[\s\S]*' has a byte_size) .+ --http-max-input-size /,
  /^Unable to find shared memory region: '/,
  /^Output can't set both 'shared_memory_region' and '(classification|binary_data)'$/,
];

const codes = ["INTERNAL", "INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED"];

/** Undefined: it was refused, as it must be. */
function decode(body: Uint8Array, headerLength: number): DecodedRequest | undefined {
  const maxInputBytes = 4096;
  try {
    return runSteps(
      new DecodeSteps(
        {
          modelName: "m",
          modelVersion: undefined,
          requestId: "made",
          chunks: [body],
          byteLength: body.byteLength,
          maxInputBytes,
        },
        headerLength,
      ),
    );
  } catch (error) {
    if (!(error instanceof InferenceError)) throw error;
    check.ok(codes.includes(error.code), error.code);
    check.ok(
      texts.some((text) => text.test(error.message)),
      error.message,
    );
    return undefined;
  }
}

/** Whatever is accepted makes sense. */
function checkDecoded(decoded: DecodedRequest | undefined, body: Uint8Array): void {
  if (decoded === undefined) return;
  const { inputs } = decoded.request;
  check.equal(new Set(inputs.map(({ name }) => name)).size, inputs.length);
  for (const { shape, chunks, byteLength } of inputs) {
    check.ok(!Number.isNaN(elementCount(shape)));
    check.ok(shape.every((dimension) => dimension >= 0));
    check.equal(Buffer.concat(chunks).byteLength, byteLength);
    check.ok(byteLength <= 8 * body.byteLength);
  }
}

function checkTotal(body: Uint8Array, headerLength = body.byteLength): void {
  checkDecoded(decode(body, Math.min(headerLength, body.byteLength)), body);
}

test("any bytes are a request, or refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(70), (bytes, headerLength) => {
      checkTotal(bytes, headerLength);
    }),
    { numRuns: 3000 },
  );
});

test("any JSON is a request, or refused", () => {
  fc.assert(
    fc.property(fc.json(), (json) => checkTotal(Buffer.from(json))),
    { numRuns: 2000 },
  );
});

const keys = [
  ...["id", "parameters", "inputs", "outputs", "name", "datatype", "shape", "data"],
  ...["binary_data_size", "binary_data", "binary_data_output", "shared_memory_region"],
  ...["classification", "priority", "timeout", "sequence_id", "sequence_start", "triton_a", "a"],
];
const scalars = fc.constantFrom<unknown>(
  ...["x", "y", "", "FP32", "INT8", "BYTES", "BOOL", "FP16", "UINT64", null, true],
  ...[0, 1, 2, 3, -1, 1.5, 300, 2 ** 31, 2 ** 53, 1e20],
);

/** Values like those of a request, in places where they may or may not belong. */
const { value: likeRequests } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalars,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie("value"), { maxKeys: 6 }),
  ),
}));

const likeInputs = fc.record(
  {
    data: fc.oneof(fc.array(scalars, { maxLength: 4 }), likeRequests),
    name: fc.oneof(fc.constantFrom("x", "y"), likeRequests),
    datatype: fc.oneof(fc.constantFrom("FP32", "INT8", "BYTES", "UINT64"), likeRequests),
    shape: fc.oneof(fc.array(fc.constantFrom(0, 1, 2, 2 ** 40, 2 ** 60)), likeRequests),
    parameters: fc.oneof(fc.constant({ binary_data_size: 2 }), likeRequests),
  },
  { requiredKeys: [] },
);

/** Right by itself, so that now and then all of a request is. */
const rightInputs = fc.record({
  data: fc.tuple(fc.constantFrom(0, 1.5, -1)),
  name: fc.constantFrom("x", "y"),
  datatype: fc.constantFrom("FP32", "FP64"),
  shape: fc.constant([1]),
});

test("what looks like a request is one, or refused", () => {
  const likeRequest = fc.record(
    {
      inputs: fc.array(fc.oneof(likeInputs, rightInputs), { maxLength: 3 }),
      id: likeRequests,
      parameters: likeRequests,
      outputs: likeRequests,
    },
    { requiredKeys: ["inputs"] },
  );
  const binary = fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 6 }));
  let acceptedCount = 0;
  fc.assert(
    fc.property(fc.oneof(likeRequest, likeRequests), binary, (value, behind) => {
      const json = Buffer.from(JSON.stringify(value));
      const body = Buffer.concat([json, behind]);
      const decoded = decode(body, json.length);
      checkDecoded(decoded, body);
      if (decoded !== undefined) acceptedCount += 1;
    }),
    { numRuns: 5000 },
  );
  check.ok(acceptedCount > 0, "some are accepted");
});

const valid = Buffer.from(
  '\ufeff{"id":"7","parameters":{"priority":1,"a":"b","sequence_id":5,"timeout":10},"inputs":[' +
    '{"name":"a","shape":[2,2],"datatype":"FP32","data":[[1.5,-2e-3],[NaN,-Infinity]]},' +
    '{"data":[1,2],"name":"b","shape":[2],"datatype":"UINT64","x":[{}]},' +
    '{"name":"c","shape":[2],"datatype":"BYTES","data":["\\u00e9\\ud83d\\ude00","é"]},' +
    '{"name":"d","shape":[2],"datatype":"BOOL","parameters":{"binary_data_size":2}}],' +
    '"outputs":[{"name":"y","parameters":{"binary_data":true,"classification":0}}]}ab',
);

interface Edit {
  readonly at: number;
  readonly kind: "flip" | "delete" | "insert" | "copy";
  readonly byte: number;
  readonly length: number;
}

function edited(bytes: Buffer, { at, kind, byte, length }: Edit): Buffer {
  const start = at % (bytes.length + 1);
  const end = Math.min(bytes.length, start + length);
  const inside = bytes.subarray(start, end);
  const others = {
    flip: Buffer.from(inside.map((each) => each ^ byte)),
    delete: Buffer.alloc(0),
    insert: Buffer.concat([Buffer.of(byte), inside]),
    copy: Buffer.concat([inside, inside]),
  };
  return Buffer.concat([bytes.subarray(0, start), others[kind], bytes.subarray(end)]);
}

test("a request with some bytes flipped, lost, inserted or repeated is one, or refused", () => {
  check.notEqual(decode(valid, valid.length - 2), undefined);
  const edit = fc.record({
    at: fc.nat(),
    kind: fc.constantFrom("flip" as const, "delete" as const, "insert" as const, "copy" as const),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]:,"\\ -.e0'))),
    length: fc.oneof(fc.constantFrom(0, 1, 1, 1, 2), fc.nat(100)),
  });
  const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(edits, fc.integer({ min: -3, max: 1 }), (each, more) => {
      const body = each.reduce(edited, valid);
      checkTotal(body, Math.max(0, body.length + more));
    }),
    { numRuns: 10_000 },
  );
});

/** Bytes of typed arrays that were made by the way: garbage that is gone again is not counted. */
function bytesAllocated(json: string): number {
  const body = Buffer.from(json);
  const before = process.memoryUsage();
  try {
    runSteps(
      new DecodeSteps(
        {
          modelName: "m",
          modelVersion: undefined,
          requestId: "",
          chunks: [body],
          byteLength: body.length,
          maxInputBytes: 2 ** 26,
        },
        body.length,
      ),
    );
  } catch (error) {
    check.ok(error instanceof InferenceError, String(error));
  }
  const after = process.memoryUsage();
  return after.arrayBuffers - before.arrayBuffers + after.heapUsed - before.heapUsed;
}

const claims = (count: number, shape: string, datatype = "FP64"): string => {
  const inputs = Array.from(
    { length: count },
    (_, index) => `{"name":"i${index}","datatype":"${datatype}","shape":[${shape}],"data":[1]}`,
  );
  return `{"inputs":[${inputs.join()}]}`;
};

const greedy: readonly [what: string, json: string][] = [
  ["an input of 64 Mi elements", claims(1, "1,67108864", "UINT8")],
  ["an input of 64 MiB", claims(1, "8388608")],
  ["an input of as many bytes as int64 holds", claims(1, "1152921504606846975")],
  ["5000 inputs of 64 MiB each", claims(5000, "8388608")],
  ["an overflow, and then no elements", claims(1, `${`${2 ** 53 - 1},`.repeat(20)}0`, "FP32")],
  ["a shape of 50,000 dimensions", claims(1, `${"9223372036854775807,".repeat(50_000)}2`)],
  [
    "300,000 empty strings",
    `{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":[${Array(300_000).fill('""').join()}]}]}`,
  ],
  ["300,000 levels of nesting", `{"a":${"[".repeat(300_000)}${"]".repeat(300_000)},"inputs":[]}`],
];

for (const [what, json] of greedy) {
  test(`memory is bounded by what was sent: ${what}`, () => {
    const mostBytes = 2 ** 23 + 12 * json.length;
    check.ok(bytesAllocated(json) < mostBytes);
  });
}
