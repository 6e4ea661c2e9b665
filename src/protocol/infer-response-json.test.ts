/**
 * Inference responses over HTTP: key for key as in the protocol, and what a reader makes of them
 * is what the model gave.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { responseOf } from "../testing/response-fixture.ts";
import { type Datatype, datatypes } from "./datatype.ts";
import type { InferResponse } from "./infer.ts";
import { DecodeSteps } from "./infer-request-json.ts";
import { type EncodedResponse, EncodeSteps } from "./infer-response-json.ts";
import { parseJson } from "./json-reader.ts";
import { asUnsigned, JsonObject } from "./json-value.ts";
import { packBytes } from "./packed-bytes.ts";
import { allAsBinary, type OutputForms } from "./requested-outputs.ts";
import { runSteps } from "./steps.ts";
import type { WireTensor } from "./tensor.ts";

const allAsJson: OutputForms = { isBinaryByDefault: false, isBinary: undefined };

function encode(response: InferResponse, forms: OutputForms = allAsJson): EncodedResponse {
  return runSteps(new EncodeSteps(response, forms));
}

function jsonOf(response: InferResponse, forms?: OutputForms): string {
  return Buffer.from(encode(response, forms).json).toString("utf8");
}

function tensor(
  datatype: Datatype,
  shape: readonly number[],
  ...chunks: readonly Uint8Array[]
): WireTensor {
  const byteLength = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  return { name: "y", datatype, shape, chunks, byteLength };
}

const floats = (...values: readonly number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);
const strings = (...values: readonly string[]): Uint8Array =>
  packBytes(values.map((value) => Buffer.from(value)));
const wide = (...values: readonly bigint[]): Uint8Array =>
  new Uint8Array(BigInt64Array.from(values).buffer);

test("the protocol's worked examples", () => {
  const json = tensor("INT32", [1, 2], new Uint8Array(Int32Array.of(1, 2).buffer));
  check.equal(
    jsonOf(responseOf([{ ...json, name: "OUTPUT0" }], { id: "1", modelName: "simple" })),
    '{"id":"1","model_name":"simple","model_version":"1","outputs":[{"name":"OUTPUT0","datatype":' +
      '"INT32","shape":[1,2],"data":[1,2]}]}',
  );
  const output = { ...tensor("FP32", [1, 2], floats(1.5, -0)), name: "OUTPUT0" };
  const encoded = encode(responseOf([output], { id: "7" }), {
    isBinaryByDefault: false,
    isBinary: new Map([["OUTPUT0", true]]),
  });
  check.equal(
    Buffer.from(encoded.json).toString(),
    '{"id":"7","model_name":"m","model_version":"1","outputs":[{"name":"OUTPUT0","datatype":' +
      '"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}',
  );
  check.equal(encoded.json.byteLength, 146);
  check.equal(Buffer.concat(encoded.tensors).toString("hex"), "0000c03f00000080");
});

const heads: readonly [what: string, more: Partial<InferResponse>, head: string][] = [
  ["no id", {}, '"model_name":"m","model_version":"1"'],
  ["an id", { id: 'a"\n' }, '"id":"a\\"\\n","model_name":"m","model_version":"1"'],
  [
    "a name and a version",
    { modelName: "é\u001f", modelVersion: 2 ** 31 },
    '"model_name":"é\\u001F","model_version":"2147483648"',
  ],
  ["an empty set of parameters", { parameters: {} }, '"model_name":"m","model_version":"1"'],
  [
    "parameters",
    {
      id: "7",
      parameters: {
        "a/b": 'x"',
        yes: true,
        no: false,
        int: -5,
        wide: 9223372036854775807n,
        half: 0.5,
        zero: -0,
        none: Number.NaN,
        most: Number.NEGATIVE_INFINITY,
      },
    },
    '"id":"7","model_name":"m","model_version":"1","parameters":{"a/b":"x\\"","yes":true,' +
      '"no":false,"int":-5,"wide":9223372036854775807,"half":0.5,"zero":-0.0,"none":NaN,' +
      '"most":-Infinity}',
  ],
];

for (const [what, more, head] of heads) {
  test(`head: ${what}`, () => check.equal(jsonOf(responseOf([], more)), `{${head},"outputs":[]}`));
}

const outputs: readonly [output: WireTensor, text: string][] = [
  [tensor("FP32", [2], floats(0.1, -0)), '"FP32","shape":[2],"data":[0.1,-0.0]'],
  [tensor("FP32", [0, 3]), '"FP32","shape":[0,3],"data":[]'],
  [tensor("FP32", [0], new Uint8Array(0)), '"FP32","shape":[0],"data":[]'],
  [tensor("FP32", [], floats(7)), '"FP32","shape":[],"data":[7]'],
  [
    tensor("FP32", [3], floats(Number.NaN, Number.POSITIVE_INFINITY), floats(-Infinity)),
    '"FP32","shape":[3],"data":[NaN,Infinity,-Infinity]',
  ],
  [
    tensor("INT64", [1, 2], wide(-(2n ** 63n), 9007199254740993n)),
    '"INT64","shape":[1,2],"data":[-9223372036854775808,9007199254740993]',
  ],
  [tensor("UINT64", [1], wide(-1n)), '"UINT64","shape":[1],"data":[18446744073709551615]'],
  [
    tensor("BOOL", [4], Uint8Array.of(0, 1, 2, 255)),
    '"BOOL","shape":[4],"data":[false,true,true,true]',
  ],
  [
    tensor("BYTES", [3], strings('a"/', "", "é\0😀")),
    '"BYTES","shape":[3],"data":["a\\"/","","é\\u0000😀"]',
  ],
  [tensor("BYTES", [0]), '"BYTES","shape":[0],"data":[]'],
  [tensor("INT8", [2 ** 40, 0]), '"INT8","shape":[1099511627776,0],"data":[]'],
];

for (const [output, text] of outputs) {
  test(`output: ${text}`, () => {
    check.equal(
      jsonOf(responseOf([output])),
      `{"model_name":"m","model_version":"1","outputs":[{"name":"y","datatype":${text}}]}`,
    );
  });
}

/** Of three outputs; those that are listed have a form of their own. */
const forms: readonly [forms: OutputForms, binary: readonly string[]][] = [
  [allAsJson, []],
  [allAsBinary.forms, ["a", "b", "c"]],
  [
    {
      isBinaryByDefault: true,
      isBinary: new Map([
        ["a", false],
        ["b", true],
      ]),
    },
    ["b", "c"],
  ],
  [{ isBinaryByDefault: false, isBinary: new Map([["c", true]]) }, ["c"]],
];

for (const [form, binary] of forms) {
  test(`binary: ${binary.join() || "none"}`, () => {
    const all = ["a", "b", "c"].map((name, index) => ({
      ...tensor("UINT8", [2], Uint8Array.of(index), Uint8Array.of(9)),
      name,
    }));
    const { json, tensors } = encode(responseOf(all), form);
    const slices = all.filter(({ name }) => binary.includes(name)).flatMap(({ chunks }) => chunks);
    check.equal(tensors.length, slices.length);
    for (const [index, slice] of slices.entries()) check.equal(tensors[index], slice, "not copied");
    const described = JSON.parse(Buffer.from(json).toString()).outputs;
    check.deepEqual(
      described,
      all.map(({ name, datatype, shape }, index) => ({
        name,
        datatype,
        shape,
        ...(binary.includes(name) ? { parameters: { binary_data_size: 2 } } : { data: [index, 9] }),
      })),
    );
  });
}

test("an empty binary output is named, and has no bytes", () => {
  for (const empty of [tensor("FP32", [0])]) {
    const { json, tensors } = encode(responseOf([empty]), allAsBinary.forms);
    check.match(
      Buffer.from(json).toString(),
      /"shape":\[0\],"parameters":\{"binary_data_size":0\}/,
    );
    check.deepEqual(tensors, []);
  }
});

const refused: readonly [output: WireTensor, code: string, message: string][] = [
  ...(["FP16", "BF16"] as const).map((datatype): [WireTensor, string, string] => [
    tensor(datatype, [1], Uint8Array.of(0, 0)),
    "INVALID_ARGUMENT",
    `sending ${datatype} data via JSON is not supported. Please use the binary data format for ` +
      "output y",
  ]),
  [
    tensor("BYTES", [2], packBytes([Buffer.from("a"), Uint8Array.of(0xff)])),
    "INTERNAL",
    "output 'y' holds BYTES that are not UTF-8, which JSON cannot carry. Please use the binary " +
      "data format for it",
  ],
  [
    tensor("BYTES", [2], strings("a"), Uint8Array.of(5, 0, 0, 0, 97)),
    "INVALID_ARGUMENT",
    "BYTES element 1 ends after byte 10, the last one",
  ],
];

for (const [output, code, message] of refused) {
  test(`refused as JSON: ${message.slice(0, 50)}`, () => {
    check.throws(() => encode(responseOf([output])), { name: "InferenceError", code, message });
    const { tensors } = encode(responseOf([output]), allAsBinary.forms);
    check.deepEqual(Buffer.concat(tensors), Buffer.concat(output.chunks), "fine as binary");
  });
}

/** As inputs of a request, so that our own reader gives the bytes back. */
function readBack(json: string, binary: readonly Uint8Array[]): readonly WireTensor[] {
  const head = Buffer.from(json.replace('"outputs":', '"inputs":'));
  const chunks = [head, ...binary];
  const byteLength = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const body = {
    modelName: "m",
    modelVersion: 1,
    requestId: "",
    chunks,
    byteLength,
    maxInputBytes: 2 ** 26,
  };
  return runSteps(new DecodeSteps(body, head.byteLength)).request.inputs;
}

interface Given {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

const givenStrings: fc.Arbitrary<Given> = fc
  .record({
    texts: fc.array(fc.string({ unit: "binary" }), { maxLength: 6 }),
    isBinary: fc.boolean(),
  })
  .map(({ texts, isBinary }) => {
    const bytes = Buffer.from(strings(...texts));
    return { datatype: "BYTES", shape: [texts.length], bytes, isBinary };
  });

const givenNumbers: fc.Arbitrary<Given> = fc
  .record({
    datatype: fc.constantFrom(
      ...(["BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "FP32"] as const),
      ...(["INT8", "INT16", "INT32", "INT64", "FP64"] as const),
    ),
    bytes: fc.uint8Array({ maxLength: 48 }),
    isBinary: fc.boolean(),
  })
  .map(({ datatype, bytes, isBinary }) => {
    const { byteSize } = datatypes[datatype];
    const count = Math.floor(bytes.length / byteSize);
    const whole = Buffer.from(bytes.subarray(0, count * byteSize));
    if (datatype === "BOOL") whole.set(whole.map((byte) => byte & 1));
    return { datatype, shape: [1, count], bytes: whole, isBinary };
  });

/** NaN has many bit patterns, and one text. */
function comparable(datatype: Datatype, bytes: Uint8Array): unknown {
  const { buffer } = new Uint8Array(bytes);
  if (datatype === "FP32") return [...new Float32Array(buffer)];
  return datatype === "FP64" ? [...new Float64Array(buffer)] : Buffer.from(bytes).toString("hex");
}

test("any outputs, in any form and any slices, are read back", () => {
  const cuts = fc.array(fc.nat(50), { maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(givenStrings, givenNumbers), { maxLength: 5 }),
      cuts,
      (all, at) => {
        const outputs = all.map(({ datatype, shape, bytes }, index) => {
          const ends = at.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
          const chunks = [...ends, bytes.length]
            .map((end, cut) => bytes.subarray(ends[cut - 1] ?? 0, end))
            .filter(({ byteLength }) => byteLength > 0);
          return { ...tensor(datatype, shape, ...chunks), name: `o${index}` };
        });
        const isBinary = new Map(all.map(({ isBinary }, index) => [`o${index}`, isBinary]));
        const response = responseOf(outputs, { id: "é" });
        const { json, tensors } = encode(response, { isBinaryByDefault: false, isBinary });
        const read = readBack(Buffer.from(json).toString(), tensors);
        check.deepEqual(
          read.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
          outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
        );
        for (const [index, { datatype, chunks }] of read.entries()) {
          const { bytes } = all[index]!;
          check.deepEqual(comparable(datatype, Buffer.concat(chunks)), comparable(datatype, bytes));
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test("64-bit integers and parameters are exact for a reader that is", () => {
  const parameters = { least: -(2n ** 63n), most: 2n ** 63n - 1n };
  const root = parseJson(Buffer.from(jsonOf(responseOf([], { parameters }))));
  check.ok(root instanceof JsonObject);
  const read = root.members.get("parameters");
  check.ok(read instanceof JsonObject);
  check.deepEqual(Object.fromEntries(read.members), parameters);
  check.equal(asUnsigned(read.members.get("most")), parameters.most);
});

const many = 100_000;

test("large outputs are written in several steps, wherever they lie in memory", () => {
  const misaligned = new Uint8Array(4 * many + 1).subarray(1);
  misaligned.set(floats(...Array<number>(many).fill(1.5)));
  const all = [
    { ...tensor("FP32", [many], misaligned), name: "a" },
    { ...tensor("BYTES", [many], strings(...Array<string>(many).fill("x"))), name: "b" },
  ];
  const steps = new EncodeSteps(responseOf(all), allAsJson);
  let stepCount = 1;
  let encoded = steps.step();
  for (; encoded === undefined; encoded = steps.step()) stepCount += 1;
  check.ok(stepCount > 20 && stepCount < 100, `${stepCount} steps`);
  const read = JSON.parse(Buffer.from(encoded.json).toString()).outputs;
  check.deepEqual(read[0].data, Array<number>(many).fill(1.5));
  check.deepEqual(read[1].data, Array<string>(many).fill("x"));
});

test("long strings are written in several steps, however few they are", () => {
  const texts = Array.from({ length: 40 }, () => "é\n".repeat(25_000));
  const steps = new EncodeSteps(responseOf([tensor("BYTES", [40], strings(...texts))]), allAsJson);
  let stepCount = 1;
  let encoded = steps.step();
  for (; encoded === undefined; encoded = steps.step()) stepCount += 1;
  check.ok(stepCount > 10 && stepCount <= 40, `${stepCount} steps`);
  check.deepEqual(JSON.parse(Buffer.from(encoded.json).toString()).outputs[0].data, texts);
});

test("a large binary output takes one step", () => {
  const output = tensor("FP32", [many], new Uint8Array(4 * many));
  check.notEqual(new EncodeSteps(responseOf([output]), allAsBinary.forms).step(), undefined);
});
