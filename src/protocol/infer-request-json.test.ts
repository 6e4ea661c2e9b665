/**
 * Inference requests over HTTP: the protocol's worked example, what each part of the JSON becomes,
 * and that neither the chunks of a body nor the order of its keys make a difference.
 *
 * Not here: what is refused, and in which order (request-faults.test.ts), bytes that are no request
 * and what they cost (infer-request-document.test.ts).
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { datatypes } from "./datatype.ts";
import { type DecodedRequest, DecodeSteps } from "./infer-request-json.ts";
import { packBytes } from "./packed-bytes.ts";
import { runSteps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

interface Plan {
  /** Bytes behind the JSON. */
  readonly binary?: Uint8Array;
  readonly maxInputBytes?: number;
}

function decodeChunks(
  chunks: readonly Uint8Array[],
  headerLength: number,
  maxInputBytes = 2 ** 20,
): DecodedRequest {
  const body = {
    modelName: "m",
    modelVersion: 3,
    requestId: "made",
    chunks,
    byteLength: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0),
    maxInputBytes,
  };
  return runSteps(new DecodeSteps(body, headerLength));
}

function decode(
  json: string,
  { binary = new Uint8Array(0), maxInputBytes }: Plan = {},
): DecodedRequest {
  const head = Buffer.from(json);
  return decodeChunks([Buffer.concat([head, binary])], head.byteLength, maxInputBytes);
}

function bytesOf({ chunks }: WireTensor): Buffer {
  return Buffer.concat(chunks);
}

/** The parts of a request, its inputs with joined bytes. */
function partsOf({ request, forms }: DecodedRequest): unknown {
  const inputs = request.inputs.map((input) => ({ ...input, chunks: bytesOf(input) }));
  return { ...request, parameters: { ...request.parameters }, inputs, forms };
}

const input = (name: string, more: string): string => `{"name":"${name}",${more}}`;
const one = input("x", '"datatype":"FP32","shape":[1],"data":[1]');
/** A request with more at its top level. */
const request = (more: string): string => `{${more}${more === "" ? "" : ","}"inputs":[${one}]}`;

const example = Buffer.from(
  '{"id":"7","inputs":[{"name":"INPUT0","shape":[1,2],"datatype":"INT32","parameters":' +
    '{"binary_data_size":8}},{"name":"TEXT","shape":[1,2],"datatype":"BYTES","parameters":' +
    '{"binary_data_size":11}}],"outputs":[{"name":"OUTPUT0","parameters":{"binary_data":true}}]}' +
    "\x01\x00\x00\x00\xfe\xff\xff\xff\x03\x00\x00\x00abc\x00\x00\x00\x00",
  "latin1",
);

test("the protocol's worked example", () => {
  check.equal(example.byteLength, 278);
  const { request, forms } = decodeChunks([example], 259);
  const { inputs, ...others } = request;
  check.deepEqual(others, {
    classes: undefined,
    modelName: "m",
    modelVersion: 3,
    id: "7",
    logId: "7",
    parameters: {},
    requestedOutputs: ["OUTPUT0"],
    priority: 0,
    timeoutMs: 0,
    sequence: undefined,
  });
  check.deepEqual(forms, { isBinaryByDefault: false, isBinary: new Map([["OUTPUT0", true]]) });
  check.deepEqual(inputs, [
    {
      name: "INPUT0",
      datatype: "INT32",
      shape: [1, 2],
      chunks: [example.subarray(259, 267)],
      byteLength: 8,
    },
    {
      name: "TEXT",
      datatype: "BYTES",
      shape: [1, 2],
      chunks: [example.subarray(267)],
      byteLength: 11,
    },
  ]);
});

test("binary tensors are views of the body", () => {
  for (const [index, offset] of [259, 267].entries()) {
    const [slice] = decodeChunks([example], 259).request.inputs[index]?.chunks ?? [];
    check.equal(slice?.buffer, example.buffer);
    check.equal(slice?.byteOffset, example.byteOffset + offset);
  }
});

test("JSON in one chunk is not joined", () => {
  const chunk = Buffer.alloc(2 ** 22, " ");
  chunk.write(request(""));
  const beforeBytes = process.memoryUsage().arrayBuffers;
  decodeChunks([chunk], chunk.length, chunk.length);
  check.ok(process.memoryUsage().arrayBuffers - beforeBytes < 2 ** 20);
});

const fields: readonly [what: string, json: string, parts: Partial<DecodedRequest["request"]>][] = [
  ["no id", request(""), { id: "", logId: "made" }],
  ["an empty id", request('"id":""'), { id: "", logId: "made" }],
  ["an id", request('"id":"a\\"é"'), { id: 'a"é', logId: 'a"é' }],
  ["priority", request('"parameters":{"priority":2}'), { priority: 2 }],
  ["timeout", request('"parameters":{"timeout":1500}'), { timeoutMs: 1.5 }],
  ["no inputs", '{"inputs":[]}', { inputs: [] }],
  ["outputs", request('"outputs":[{"name":"b"},{"name":"a"}]'), { requestedOutputs: ["b", "a"] }],
  ["no outputs", request('"outputs":[]'), { requestedOutputs: [] }],
  [
    "a sequence",
    request('"parameters":{"sequence_id":9007199254740993,"sequence_start":true}'),
    { sequence: { id: 9007199254740993n, isStart: true, isEnd: false } },
  ],
  [
    "of equal keys the first",
    '{"id":"a","id":1,"inputs":[],"inputs":1,"outputs":[],"outputs":2,"parameters":{},"parameters":3}',
    { id: "a", inputs: [] },
  ],
  [
    "unknown keys anywhere, however deep",
    `{"a":${"[".repeat(500)}{"b":[null]}${"]".repeat(500)},"inputs":[{"c":{"data":[1]},` +
      '"name":"x","datatype":"INT8","shape":[1],"d":[],"data":[5]}],"e":"inputs"}',
    {
      inputs: [
        { name: "x", datatype: "INT8", shape: [1], chunks: [Uint8Array.of(5)], byteLength: 1 },
      ],
    },
  ],
  [
    "escaped keys and names",
    '{"\\u0069nputs":[{"n\\u0061me":"\\u00e9","datatype":"BOOL","shape":[0],"data":[]}]}',
    { inputs: [{ name: "é", datatype: "BOOL", shape: [0], chunks: [], byteLength: 0 }] },
  ],
  ["white space, and a byte order mark", `\ufeff \n${request('"id":"a"')}\t\r\n`, { id: "a" }],
];

for (const [what, json, parts] of fields) {
  test(`field: ${what}`, () => {
    const { request: decoded } = decode(json);
    for (const [key, value] of Object.entries(parts)) {
      check.deepEqual(decoded[key as keyof typeof decoded], value);
    }
  });
}

const parts: readonly [key: string, value: string][] = [
  ["name", '"x"'],
  ["datatype", '"INT16"'],
  ["shape", "[2,2]"],
  ["data", "[[1,2],[3,-4]]"],
  ["parameters", '{"a":1}'],
  ["unknown", '[{"data":[9]}]'],
  ["data", "[7]"],
  ["name", "1"],
];

test("the keys of an input may come in any order: data before datatype and shape too", () => {
  const firsts = parts.slice(0, 6);
  fc.assert(
    fc.property(fc.shuffledSubarray(firsts, { minLength: 6 }), (keys) => {
      const members = [...keys, ...parts.slice(6)].map(([key, value]) => `"${key}":${value}`);
      const { inputs } = decode(`{"inputs":[{${members.join()}}]}`).request;
      check.deepEqual(
        inputs.map((tensor) => ({ ...tensor, chunks: bytesOf(tensor).toString("hex") })),
        [
          {
            name: "x",
            datatype: "INT16",
            shape: [2, 2],
            chunks: "010002000300fcff",
            byteLength: 8,
          },
        ],
      );
    }),
    { numRuns: 200 },
  );
});

interface MixedInput {
  readonly tensor: Pick<WireTensor, "datatype" | "shape">;
  readonly values: readonly number[];
  readonly isBinary: boolean;
  readonly isLate: boolean;
}

const mixedInputs: fc.Arbitrary<readonly MixedInput[]> = fc.array(
  fc
    .record({
      datatype: fc.constantFrom("UINT8" as const, "FP32" as const, "BYTES" as const),
      values: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 5 }),
      isBinary: fc.boolean(),
      isLate: fc.boolean(),
    })
    .map(({ datatype, values, ...others }) => ({
      tensor: { datatype, shape: [values.length] },
      values,
      ...others,
    })),
  { maxLength: 20 },
);

function wireOf({ tensor, values }: MixedInput): Buffer {
  if (tensor.datatype === "BYTES") {
    return Buffer.from(packBytes(values.map((value) => Buffer.from(String(value)))));
  }
  if (tensor.datatype === "FP32") return Buffer.from(Float32Array.from(values).buffer);
  return Buffer.from(values);
}

function jsonOf(mixed: MixedInput, index: number): string {
  const { tensor, values, isBinary, isLate } = mixed;
  const name = `"name":"i${index}"`;
  const head = `"datatype":"${tensor.datatype}","shape":[${tensor.shape.join()}]`;
  const size = wireOf(mixed).byteLength;
  const elements = tensor.datatype === "BYTES" ? values.map((value) => `"${value}"`) : values;
  const body = isBinary
    ? `"parameters":{"binary_data_size":${size}}`
    : `"data":[${elements.join()}]`;
  return isLate ? `{${name},${body},${head}}` : `{${name},${head},${body}}`;
}

/** Slices of the bytes, some of them perhaps empty. */
function sliced(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const ends = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

test("JSON and binary inputs in any mixture, in any chunks, are the same request", () => {
  const cuts = fc.array(fc.nat(5000), { maxLength: 30 });
  fc.assert(
    fc.property(mixedInputs, cuts, (inputs, at) => {
      const json = Buffer.from(`{"id":"é","inputs":[${inputs.map(jsonOf).join()}]}`);
      const binary = inputs.filter(({ isBinary }) => isBinary).map(wireOf);
      const body = Buffer.concat([json, ...binary]);
      const whole = decodeChunks([body], json.length);
      const expected = inputs.map((mixed, index) => ({
        name: `i${index}`,
        ...mixed.tensor,
        chunks: wireOf(mixed).toString("hex"),
        byteLength: wireOf(mixed).byteLength,
      }));
      const decoded = whole.request.inputs.map((tensor) => ({
        ...tensor,
        chunks: bytesOf(tensor).toString("hex"),
      }));
      check.deepEqual(decoded, expected);
      const inSlices = decodeChunks(sliced(body, at), json.length);
      check.deepEqual(partsOf(inSlices), partsOf(whole));
      const slices = inSlices.request.inputs.flatMap(({ chunks }) => chunks);
      check.ok(
        slices.every(({ byteLength }) => byteLength > 0),
        "no slice is empty",
      );
    }),
    { numRuns: 500 },
  );
});

test("many inputs, and each name once", () => {
  const names = Array.from({ length: 5000 }, (_, index) => `i${index}`);
  const json = (all: readonly string[]): string => {
    const inputs = all.map((name) => input(name, '"datatype":"BOOL","shape":[0],"data":[]'));
    return `{"inputs":[${inputs.join()}]}`;
  };
  check.deepEqual(
    decode(json(names)).request.inputs.map(({ name }) => name),
    names,
  );
  for (const again of ["i0", "i15", "i16", "i4999"]) {
    check.throws(() => decode(json([...names, again])), {
      code: "INVALID_ARGUMENT",
      message: `[request id: <id_unknown>] input '${again}' already exists in request`,
    });
  }
});

const empty: readonly string[] = [
  '"data":[]',
  '"data":[1,"a",{}]',
  '"data":null',
  '"data":"x"',
  '"parameters":{"binary_data_size":0}',
];

for (const source of empty) {
  test(`a tensor without elements needs a source, whatever is in it: ${source}`, () => {
    for (const shape of [
      [0],
      [0, 3],
      [2, 0, 2 ** 40],
      Array(20)
        .fill(2 ** 53 - 1)
        .concat(0),
    ]) {
      const json = `"datatype":"FP32","shape":[${shape.join()}],${source}`;
      const [tensor] = decode(`{"inputs":[${input("x", json)}]}`).request.inputs;
      check.deepEqual(tensor, { name: "x", datatype: "FP32", shape, chunks: [], byteLength: 0 });
    }
  });
}

test("a scalar has one element", () => {
  const { inputs } = decode(
    `{"inputs":[${input("x", '"datatype":"INT8","shape":[],"data":[7]')}]}`,
  ).request;
  check.deepEqual(inputs[0]?.shape, []);
  check.deepEqual(bytesOf(inputs[0]!), Buffer.of(7));
});

test("FP16 and BF16 come as binary, and the model's own shape is not looked at", () => {
  for (const datatype of Object.keys(datatypes)) {
    const json = `"datatype":"${datatype}","shape":[5,5],"parameters":{"binary_data_size":3}`;
    const { inputs } = decode(`{"inputs":[${input("x", json)}]}`, {
      binary: Buffer.from("abc"),
    }).request;
    check.equal(inputs[0]?.datatype, datatype);
    check.equal(bytesOf(inputs[0]!).toString(), "abc");
  }
});

test("a tensor without elements has no data that could not be JSON", () => {
  for (const datatype of Object.keys(datatypes)) {
    for (const data of ["[]", "[[[1]]]", "7", "null"]) {
      const body = `"data":${data},"datatype":"${datatype}","shape":[2,0]`;
      const [tensor] = decode(`{"inputs":[${input("x", body)}]}`).request.inputs;
      check.equal(tensor?.byteLength, 0, `${datatype} ${data}`);
    }
  }
});

test("numbers are exact behind elements of FP32", () => {
  const { parameters, sequence } = decode(
    `{"inputs":[${one}],"parameters":{"sequence_id":9007199254740991,"x":0.12345678901234567}}`,
  ).request;
  check.equal(sequence?.id, 9007199254740991n);
  check.equal(parameters["x"], Number("0.12345678901234567"));
});

test("a large request takes several steps, flat or nested, whenever its datatype comes", () => {
  const data = `"data":[${Array(50_000).fill("1.5").join()}]`;
  const head = '"datatype":"FP32","shape":[50000]';
  for (const body of [`${head},${data}`, `${data},${head}`]) {
    const json = Buffer.from(`{"inputs":[${input("x", body)}]}`);
    const steps = new DecodeSteps(
      {
        modelName: "m",
        modelVersion: undefined,
        requestId: "",
        chunks: [json],
        byteLength: json.length,
        maxInputBytes: json.length,
      },
      json.length,
    );
    let stepCount = 1;
    let decoded = steps.step();
    for (; decoded === undefined; decoded = steps.step()) stepCount += 1;
    check.ok(stepCount >= 6, `${stepCount} steps`);
    const values = Float32Array.from({ length: 50_000 }, () => 1.5);
    check.deepEqual(bytesOf(decoded.request.inputs[0]!), Buffer.from(values.buffer));
  }
});
