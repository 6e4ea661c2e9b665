/**
 * Bodies of requests and answers: what is written in either format is read as it was, and whatever
 * bytes come are read, or are an error of kind `answer`: never any other.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { type Datatype, datatypes } from "../protocol/datatype.ts";
import { noParameters } from "../protocol/infer.ts";
import { randomTensor } from "../testing/random-tensor.ts";
import { concatenated } from "./bytes.ts";
import { ClientError } from "./client-error.ts";
import type { NamedTensor, WireRequest } from "./connection.ts";
import { parseExactJson, writeExactJson } from "./exact-json.ts";
import { readInferAnswer } from "./infer-answer.ts";
import { inferBody, type TensorFormat } from "./infer-body.ts";

const anyTensor = fc
  .record({
    name: fc.string(),
    datatype: fc.constantFrom(...(Object.keys(datatypes) as Datatype[])),
    shape: fc.array(fc.nat({ max: 3 }), { maxLength: 3 }),
    seed: fc.nat(),
  })
  .map(randomTensor);

function requestOf(inputs: readonly NamedTensor[], others: Partial<WireRequest> = {}): WireRequest {
  const own = { id: "", parameters: noParameters, priority: 0, timeoutMs: 0, sequence: undefined };
  return { name: "m", version: undefined, ...own, inputs, outputs: [], ...others };
}

interface Body {
  readonly bytes: Uint8Array;
  readonly jsonBytes: number | undefined;
}

/** What a server sends that gives back what it gets. */
function mirrored(request: WireRequest, format: TensorFormat): Body {
  const { chunks, jsonBytes } = inferBody(request, format);
  const bytes = concatenated(chunks);
  const head = bytes.subarray(0, jsonBytes ?? bytes.byteLength);
  const { inputs, id } = parseExactJson(new TextDecoder().decode(head)) as Record<string, unknown>;
  const answer = { id, model_name: "m", model_version: "1", outputs: inputs };
  const json = new TextEncoder().encode(writeExactJson(answer));
  const rest = bytes.subarray(jsonBytes ?? bytes.byteLength);
  return {
    bytes: concatenated([json, rest]),
    jsonBytes: jsonBytes === undefined ? undefined : json.byteLength,
  };
}

const formats = fc.constantFrom<TensorFormat>("binary", "json");

function isWritable({ datatype }: NamedTensor, format: TensorFormat): boolean {
  return format === "binary" || !/^B?FP?16$/.test(datatype);
}

test("tensors of every datatype come back as they were, in both formats", () => {
  fc.assert(
    fc.property(fc.array(anyTensor, { minLength: 1, maxLength: 3 }), formats, (given, format) => {
      const inputs = given
        .filter((tensor) => isWritable(tensor, format))
        .map((tensor, index) => ({ ...tensor, name: `${tensor.name}${index}` }));
      const { bytes, jsonBytes } = mirrored(requestOf(inputs, { id: "r1" }), format);
      const { outputs, id, modelName, modelVersion } = readInferAnswer(bytes, jsonBytes);
      check.deepEqual([id, modelName, modelVersion], ["r1", "m", "1"]);
      check.deepEqual(outputs.map(plain), inputs.map(plain));
    }),
    { numRuns: 1500 },
  );
});

function plain(tensor: NamedTensor): unknown {
  const { name, datatype, shape } = tensor;
  return { name, datatype, shape, bytes: [...tensor.bytes] };
}

function check16(datatype: "FP16" | "BF16"): void {
  const input = { name: "x", datatype, shape: [1], bytes: new Uint8Array(2) };
  check.throws(() => inferBody(requestOf([input]), "json"), {
    kind: "invalid",
    message: `input 'x' is ${datatype}, which JSON has no form for: use format "binary"`,
  });
}

test("floats of 16 bits have no form in JSON", () => {
  check16("FP16");
  check16("BF16");
});

test("nor have bytes that are no text", () => {
  const bytes = Uint8Array.of(1, 0, 0, 0, 0xff);
  const input = { name: "x", datatype: "BYTES", shape: [1], bytes } as const;
  check.throws(() => inferBody(requestOf([input]), "json"), {
    name: "ClientError",
    kind: "invalid",
    message: /^input 'x': BYTES element 0 is not UTF-8/,
  });
});

test("what is said beside the tensors", () => {
  const input = {
    name: "x",
    datatype: "INT8",
    shape: [1],
    bytes: Uint8Array.of(5),
  } as const;
  const request = requestOf([input], {
    id: "r1",
    parameters: { tenant: "a", big: 2n ** 60n },
    priority: 2,
    timeoutMs: 1.5,
    sequence: { id: 2n ** 63n, isStart: true, isEnd: false },
    outputs: [{ name: "y" }, { name: "z", classes: 3 }],
  });
  const { chunks } = inferBody(request, "json");
  check.deepEqual(parseExactJson(new TextDecoder().decode(chunks[0])), {
    id: "r1",
    parameters: {
      tenant: "a",
      big: 2n ** 60n,
      sequence_id: 2n ** 63n,
      sequence_start: true,
      sequence_end: false,
      priority: 2,
      timeout: 1500,
    },
    inputs: [{ name: "x", datatype: "INT8", shape: [1], data: [5] }],
    outputs: [
      { name: "y", parameters: {} },
      { name: "z", parameters: { classification: 3 } },
    ],
  });
  const binary = inferBody(request, "binary");
  check.equal(binary.jsonBytes, binary.chunks[0]?.byteLength);
  check.deepEqual(parseExactJson(new TextDecoder().decode(binary.chunks[0])), {
    ...(parseExactJson(new TextDecoder().decode(chunks[0])) as object),
    inputs: [{ name: "x", datatype: "INT8", shape: [1], parameters: { binary_data_size: 1 } }],
    outputs: [
      { name: "y", parameters: { binary_data: true } },
      { name: "z", parameters: { classification: 3, binary_data: true } },
    ],
  });
});

function readOrAnswerError(bytes: Uint8Array, jsonBytes: number | undefined): void {
  try {
    for (const { datatype, shape, bytes: own } of readInferAnswer(bytes, jsonBytes).outputs) {
      // It has what it says; or nothing, if that is in shared memory.
      check.ok(shape.every((dimension) => dimension >= 0));
      const count = shape.reduce((a, b) => a * b, 1);
      if (datatype === "INT8" && own.byteLength > 0) check.equal(own.byteLength, count);
    }
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    check.equal(error.kind, "answer");
  }
}

test("any bytes are read, or are an error of kind answer", () => {
  const length = fc.option(fc.nat({ max: 300 }), { nil: undefined });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), length, readOrAnswerError), {
    numRuns: 1000,
  });
});

test("an answer of which bytes were changed, lost or added is read, or an error", () => {
  const change = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 8 }),
    put: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(
      anyTensor,
      formats,
      change,
      fc.integer({ min: -3, max: 3 }),
      (input, format, by, off) => {
        if (!isWritable(input, format)) return;
        const { bytes, jsonBytes } = mirrored(requestOf([input]), format);
        const at = by.at % (bytes.byteLength + 1);
        const changed = concatenated([
          bytes.subarray(0, at),
          by.put,
          bytes.subarray(at + by.remove),
        ]);
        const length = jsonBytes === undefined ? undefined : Math.max(0, jsonBytes + off);
        readOrAnswerError(changed, length);
      },
    ),
    { numRuns: 2000 },
  );
});

test("an answer of which a field is something else is read, or an error", () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>({ toString: 1 }, [[[]]], -1, 1.5, 2 ** 60, "INT8", "constructor"),
  );
  const output = fc.record(
    {
      name: fc.oneof(fc.constant("y"), odd),
      datatype: fc.oneof(fc.constantFrom("INT8", "BYTES", "FP64", "INT64"), odd),
      shape: fc.oneof(fc.array(fc.nat({ max: 3 }), { maxLength: 3 }), odd),
      data: fc.oneof(fc.array(fc.nat({ max: 9 })), odd),
      parameters: fc.oneof(
        fc.record({ binary_data_size: fc.oneof(fc.nat({ max: 9 }), odd) }),
        fc.constant({ shared_memory_region: "r" }),
        odd,
      ),
    },
    { requiredKeys: [] },
  );
  const document = fc.oneof(
    odd,
    fc.record(
      {
        id: odd,
        model_name: odd,
        model_version: odd,
        parameters: odd,
        outputs: fc.oneof(fc.array(output, { maxLength: 2 }), odd),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(
      document,
      fc.uint8Array({ maxLength: 9 }),
      fc.boolean(),
      (value, rest, isBinary) => {
        const json = new TextEncoder().encode(JSON.stringify(value));
        if (isBinary) readOrAnswerError(concatenated([json, rest]), json.byteLength);
        else readOrAnswerError(json, undefined);
      },
    ),
    { numRuns: 3000 },
  );
});

function readText(text: string, jsonBytes?: number): unknown {
  return readInferAnswer(new TextEncoder().encode(text), jsonBytes).outputs.map(plain);
}

function output(fields: string): string {
  return `{"outputs":[{"name":"y",${fields}}]}`;
}

test("each wrong answer says what is wrong", () => {
  const cases: readonly (readonly [string, number | undefined, RegExp])[] = [
    ["<html>", undefined, /no JSON: it begins with "<html>"/],
    ["[]", undefined, /no JSON object/],
    ['{"outputs":{}}', undefined, /'outputs' are no list/],
    ['{"outputs":[{}]}', undefined, /no name/],
    [output('"datatype":"INT7"'), undefined, /'y': unknown datatype INT7/],
    [output('"datatype":"INT8","shape":[-1]'), undefined, /'y': it has no valid shape/],
    [output('"datatype":"INT8","shape":[1]'), undefined, /'y': it has no data/],
    [output('"datatype":"INT8","shape":[2],"data":[1]'), undefined, /'y': .*\[2\]/],
    [output('"datatype":"INT8","shape":[1],"data":[300]'), undefined, /300 is not a value of INT8/],
    ['{"outputs":[]}', 15, /cut off: 14 bytes of 15 came/],
    ['{"outputs":[]}x', 14, /1 bytes that belong to no output/],
  ];
  for (const [text, jsonBytes, message] of cases) {
    check.throws(() => readText(text, jsonBytes), { kind: "answer", message }, text);
  }
  const cut = output('"datatype":"INT8","shape":[2],"parameters":{"binary_data_size":2}');
  const cutError = { message: "output 'y': the answer is cut off: 1 bytes of 2 came" };
  check.throws(() => readText(`${cut}x`, cut.length), cutError);
  check.throws(() => readText(cut), { message: /output 'y': .* 0 bytes of 2 came/ });
  const three = output('"datatype":"INT8","shape":[3],"parameters":{"binary_data_size":2}');
  const sizeError = { message: "output 'y': 2 bytes are no INT8 of shape [3]" };
  check.throws(() => readText(`${three}xy`, three.length), sizeError);
  const texts = output('"datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":6}');
  const packed = "\u0003\u0000\u0000\u0000ab";
  check.throws(() => readText(texts + packed, texts.length), /6 bytes are no BYTES of shape \[1\]/);
});

test("floats without a fraction are read, however large", () => {
  const large = output('"datatype":"FP64","shape":[2],"data":[100000000000000000,-1e300]');
  const [{ bytes }] = readText(large) as [{ bytes: number[] }];
  check.deepEqual([...new Float64Array(new Uint8Array(bytes).buffer)], [1e17, -1e300]);
});
