/**
 * Requests over gRPC: where an input's data may be, parameters of every kind, and every text of
 * the protocol. Any message gives a request or one of these errors.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { datatypes } from "./datatype.ts";
import { type ErrorCode, InferenceError } from "./errors.ts";
import { inference } from "./generated/messages.js";
import type { InferRequest } from "./infer.ts";
import { type DecodedMessage, decodeInferMessage } from "./infer-request-message.ts";
import { joinBytes } from "./sliced-bytes.ts";
import { fromBigint } from "./wide-integers.ts";

type Message = inference.ModelInferRequest.$Properties;
type Parameter = inference.InferParameter.$Properties;

/** There and back, as over the wire. */
function onWire(message: Message): inference.ModelInferRequest {
  const bytes = inference.ModelInferRequest.encode(message).finish();
  return inference.ModelInferRequest.decode(bytes);
}

function decodeWhole(message: Message): DecodedMessage {
  const plan = { modelVersion: undefined, requestId: "r-1", forwarded: undefined };
  return decodeInferMessage({ message: onWire({ modelName: "m", ...message }), ...plan });
}

function decode(message: Message): InferRequest {
  return decodeWhole(message).request;
}

function fails(message: Message, text: string, code: ErrorCode = "INVALID_ARGUMENT"): void {
  check.throws(
    () => decode(message),
    (error) => {
      check.ok(error instanceof InferenceError, String(error));
      check.deepEqual([error.code, error.message], [code, text]);
      return true;
    },
  );
}

function withInput(
  input: inference.ModelInferRequest.InferInputTensor.$Properties,
  raw: readonly number[] | "none" = [1, 2, 3, 4],
): Message {
  const inputs = [{ name: "X", datatype: "FP32", shape: [1], ...input }];
  return { inputs, rawInputContents: raw === "none" ? [] : [Uint8Array.from(raw)] };
}

function bytesOf({ inputs }: InferRequest, index = 0): readonly number[] {
  const input = inputs[index];
  return Array.from(joinBytes(input?.chunks ?? [], input?.byteLength ?? 0, 1));
}

test("raw contents are views of the message", () => {
  const bytes = inference.ModelInferRequest.encode(withInput({})).finish();
  const message = inference.ModelInferRequest.decode(bytes);
  const plan = { modelVersion: 7, requestId: "r-1", forwarded: undefined };
  const { request } = decodeInferMessage({ message, ...plan });
  const [chunk] = request.inputs[0]?.chunks ?? [];
  check.equal(chunk?.buffer, bytes.buffer);
  check.deepEqual(bytesOf(request), [1, 2, 3, 4]);
  check.deepEqual(request.inputs[0]?.shape, [1]);
  check.equal(request.modelVersion, 7);
  check.equal(request.logId, "r-1");
});

test("an id is the request's, and the log's", () => {
  const { id, logId } = decode({ ...withInput({}), id: "seven" });
  check.deepEqual([id, logId], ["seven", "seven"]);
});

const typed: readonly [string, inference.InferTensorContents.$Properties, readonly number[]][] = [
  ["BOOL", { boolContents: [true, false, true] }, [1, 0, 1]],
  ["INT8", { intContents: [-1, 2, 300] }, [255, 2, 44]],
  ["INT16", { intContents: [-2, 258] }, [254, 255, 2, 1]],
  ["INT32", { intContents: [-2] }, [254, 255, 255, 255]],
  ["UINT8", { uintContents: [1, 257] }, [1, 1]],
  ["UINT16", { uintContents: [258] }, [2, 1]],
  ["UINT32", { uintContents: [4_294_967_295] }, [255, 255, 255, 255]],
  ["INT64", { int64Contents: [-1] }, [255, 255, 255, 255, 255, 255, 255, 255]],
  [
    "UINT64",
    { uint64Contents: [fromBigint(2n ** 64n - 2n)] },
    [254, 255, 255, 255, 255, 255, 255, 255],
  ],
  ["FP32", { fp32Contents: [1.5] }, [0, 0, 192, 63]],
  ["FP64", { fp64Contents: [1.5] }, [0, 0, 0, 0, 0, 0, 248, 63]],
  ["BYTES", { bytesContents: [Uint8Array.of(7), new Uint8Array()] }, [1, 0, 0, 0, 7, 0, 0, 0, 0]],
];

for (const [datatype, contents, expected] of typed) {
  test(`typed contents of ${datatype}`, () => {
    check.deepEqual(bytesOf(decode(withInput({ datatype, contents }, "none"))), expected);
  });
}

test("where an input's data are", () => {
  const contents = { fp32Contents: [1] };
  const what = "explicit tensor data for input tensor 'X' for model 'm'";
  fails(
    withInput({ contents }),
    "contents field must not be specified when using raw_input_contents for 'X' for model 'm'",
  );
  fails(
    withInput({}, "none"),
    "unable to find data for input tensor 'X' for model 'm' in request.",
  );
  fails(
    withInput({ datatype: "INT32", contents }, "none"),
    `unexpected ${what} of type 'FP32', expected datatype 'INT32'`,
  );
  fails(
    withInput({ datatype: "FP16", contents }, "none"),
    `unexpected ${what} of type 'FP32', expected datatype 'FP16'`,
  );
  fails(
    withInput({ datatype: "INT64", contents: { intContents: [1] } }, "none"),
    `unexpected ${what} of type 'INT32', expected datatype 'INT64'`,
  );
  fails(
    withInput({ contents: { fp32Contents: [1], fp64Contents: [1] } }, "none"),
    `unexpected ${what}, binary data was already supplied.`,
  );
  fails(
    { ...withInput({}), rawInputContents: [Uint8Array.of(1), Uint8Array.of(2)] },
    "unexpected raw_input_contents for model 'm': got 2, but only 1 of the inputs need one",
  );
});

test("contents without elements are data of a tensor without elements", () => {
  const request = decode(withInput({ shape: [0], contents: {} }, "none"));
  check.deepEqual([request.inputs[0]?.chunks, request.inputs[0]?.byteLength], [[], 0]);
});

test("what is wrong with a tensor", () => {
  fails(withInput({ datatype: "FP33" }), "invalid datatype for input X");
  const twice = [
    { name: "X", datatype: "FP32", shape: [1] },
    { name: "X", datatype: "FP32", shape: [1] },
  ];
  fails({ inputs: twice }, "[request id: <id_unknown>] input 'X' already exists in request");
  fails(
    { ...withInput({}), id: "a", outputs: [{ name: "Y" }, { name: "Y" }] },
    "[request id: a] output 'Y' already exists in request",
  );
  const wide = fromBigint(2n ** 62n);
  fails(
    withInput({ shape: [wide] }),
    "invalid shape for input 'X': shape [4611686018427387904] contains one or more invalid dimensions",
  );
  const large = 2 ** 52;
  fails(
    withInput({ shape: [large, large] }),
    `invalid shape for input 'X': shape [${large},${large}] causes total element count to exceed ` +
      "maximum size of 9223372036854775807",
  );
  check.deepEqual(decode(withInput({ shape: [-1, 2] })).inputs[0]?.shape, [-1, 2]);
});

function withParameter(key: string, parameter: Parameter): Message {
  return { ...withInput({}), parameters: { [key]: parameter } };
}

test("parameters of the model's own", () => {
  const parameters = {
    flag: { boolParam: false },
    zero: { int64Param: 0 },
    least: { int64Param: fromBigint(-(2n ** 63n)) },
    text: { stringParam: "" },
    half: { doubleParam: 0.5 },
    ["__proto__"]: { int64Param: 3 },
  };
  const { parameters: read } = decode({ ...withInput({}), parameters });
  check.deepEqual(Object.entries(read), [
    ["flag", false],
    ["zero", 0],
    ["least", -(2n ** 63n)],
    ["text", ""],
    ["half", 0.5],
    ["__proto__", 3],
  ]);
  const kinds =
    "invalid value type for 'k' parameter, expected int64_param, bool_param, or string_param.";
  fails(withParameter("k", { uint64Param: 1 }), kinds);
  fails(withParameter("k", {}), kinds);
  fails(
    withParameter("triton_x", { boolParam: true }),
    "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following " +
      "keys starting with 'triton_' are allowed: triton_enable_empty_final_response",
  );
});

test("parameters that the protocol names", () => {
  const sequence = (sequence_id: Parameter) =>
    decode({
      ...withInput({}),
      parameters: { sequence_id, sequence_start: { boolParam: true } },
    }).sequence;
  check.deepEqual(sequence({ int64Param: -5 }), {
    id: 2n ** 64n - 5n,
    isStart: true,
    isEnd: false,
  });
  check.equal(sequence({ stringParam: "a" })?.id, "a");
  check.equal(sequence({ uint64Param: fromBigint(2n ** 63n) })?.id, 2n ** 63n);
  check.equal(sequence({ int64Param: 0 }), undefined);
  check.equal(sequence({ stringParam: "" }), undefined);
  check.equal(sequence({ stringParam: "é".repeat(64) })?.id, "é".repeat(64));
  const tooLong = "string correlation ID cannot be longer than 128 characters";
  fails(withParameter("sequence_id", { stringParam: "é".repeat(65) }), tooLong, "UNIMPLEMENTED");
  fails(
    withParameter("sequence_id", { boolParam: true }),
    "invalid value type for 'sequence_id' parameter, expected int64_param or string_param.",
  );
  for (const key of ["sequence_start", "sequence_end", "triton_enable_empty_final_response"]) {
    const text = `invalid value type for '${key}' parameter, expected bool_param.`;
    fails(withParameter(key, { int64Param: 1 }), text);
  }
  check.equal(decode(withParameter("priority", { uint64Param: 2 })).priority, 2);
  check.equal(decode(withParameter("priority", { int64Param: 3 })).priority, 3);
  fails(
    withParameter("priority", { int64Param: -1 }),
    "invalid value for 'priority', expected value >= 0.",
  );
  fails(
    withParameter("priority", { uint64Param: fromBigint(2n ** 63n) }),
    `invalid value for 'priority', expected value <= 2^53 - 1, got ${2n ** 63n}.`,
  );
  fails(
    withParameter("priority", { stringParam: "1" }),
    "invalid value type for 'priority' parameter, expected int64_param or uint64_param.",
  );
  check.equal(decode(withParameter("timeout", { int64Param: 1500 })).timeoutMs, 1.5);
  check.equal(decode(withParameter("timeout", { int64Param: -1 })).timeoutMs, 0);
  fails(
    withParameter("timeout", { uint64Param: 1 }),
    "invalid value type for 'timeout' parameter, expected int64_param.",
  );
  const wanting = withParameter("triton_enable_empty_final_response", { boolParam: true });
  check.equal(decodeWhole(wanting).wantsEmptyFinal, true);
  check.equal(decodeWhole(withInput({})).wantsEmptyFinal, false);
});

const region = { shared_memory_region: { stringParam: "R" } };
const size = { shared_memory_byte_size: { int64Param: 4 } };

/** Beside the region; of an input, and of an output. */
const sharedMemoryFaults: readonly [Record<string, Parameter>, string, ErrorCode?][] = [
  [
    { shared_memory_region: { int64Param: 1 } },
    "invalid value type for 'shared_memory_region' parameter for tensor 'X', expected string_param.",
  ],
  [
    { shared_memory_offset: { int64Param: 1 } },
    "'shared_memory_offset' can not be specified without 'shared_memory_region' parameter for tensor 'X'",
  ],
  [
    size,
    "'shared_memory_byte_size' can not be specified without 'shared_memory_region' parameter for tensor 'X'",
  ],
  [
    { ...region, shared_memory_offset: { stringParam: "1" } },
    "invalid value type for 'shared_memory_offset' parameter for tensor 'X', expected int64_param.",
  ],
  [
    { ...region, shared_memory_byte_size: { boolParam: true } },
    "invalid value type for 'shared_memory_byte_size' parameter for tensor 'X', expected int64_param.",
  ],
  [
    region,
    "'shared_memory_byte_size' must be specified along with 'shared_memory_region' parameter for tensor 'X'",
  ],
  [{ ...region, ...size }, "Unable to find shared memory region: 'R'", "NOT_FOUND"],
];

test("shared memory", () => {
  for (const [parameters, text, code] of sharedMemoryFaults) {
    fails(withInput({ parameters }), text, code);
    fails({ ...withInput({}), outputs: [{ name: "X", parameters }] }, text, code);
  }
  fails(
    withInput({ parameters: { ...region, ...size }, contents: {} }, "none"),
    "unexpected 'content' provided when using shared memory for input tensor 'X' for model 'm'",
  );
});

test("classification", () => {
  const output = (parameters: Record<string, Parameter>): Message => ({
    ...withInput({}),
    outputs: [{ name: "X", parameters }],
  });
  const low = "invalid value for 'classification' parameter, expected >= 0";
  fails(output({ classification: { int64Param: 0 } }), low);
  fails(output({ classification: { int64Param: -1 } }), low);
  fails(
    output({ classification: { stringParam: "1" } }),
    "invalid value type for 'classification' parameter, expected int64_param.",
  );
  fails(
    output({ classification: { int64Param: 1 }, ...region, ...size }),
    "output can't set both 'shared_memory_region' and 'classification'",
  );
  const { classes } = decode(output({ classification: { int64Param: 3 } }));
  check.deepEqual([...(classes ?? [])], [["X", 3]]);
  const { requestedOutputs } = decode(output({ binary_data: { boolParam: true } }));
  check.deepEqual(requestedOutputs, ["X"]);
});

test("forwarded metadata become parameters, behind those of the request", () => {
  const message = onWire(withParameter("x-b", { stringParam: "request" }));
  const forwarded = () => ({ "x-a": "1", "x-b": "2" });
  const { request } = decodeInferMessage({ message, modelVersion: 1, requestId: "", forwarded });
  check.deepEqual({ ...request.parameters }, { "x-a": "1", "x-b": "request" });
});

test("the first error wins, in the protocol's order", () => {
  const faulty: Message = {
    parameters: { priority: { stringParam: "" } },
    inputs: [{ name: "X", datatype: "FP33" }],
    outputs: [{ name: "Y", parameters: { classification: { int64Param: 0 } } }, { name: "Y" }],
  };
  fails(
    faulty,
    "invalid value type for 'priority' parameter, expected int64_param or uint64_param.",
  );
  const second = { ...faulty, parameters: {} };
  fails(second, "invalid datatype for input X");
  const third = { ...second, inputs: [{ name: "X", datatype: "FP32" }] };
  fails(third, "[request id: <id_unknown>] output 'Y' already exists in request");
  const fourth = { ...third, outputs: third.outputs?.slice(0, 1) ?? [] };
  fails(fourth, "unable to find data for input tensor 'X' for model 'm' in request.");
  const fifth = { ...fourth, rawInputContents: [Uint8Array.of(1)] };
  fails(fifth, "invalid value for 'classification' parameter, expected >= 0");
});

const arbitraryParameter = fc.oneof(
  fc.record({ boolParam: fc.boolean() }),
  fc.record({ int64Param: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(fromBigint) }),
  fc.record({ uint64Param: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(fromBigint) }),
  fc.record({ stringParam: fc.string() }),
  fc.record({ doubleParam: fc.double() }),
  fc.constant({}),
);

const arbitraryKey = fc.oneof(
  fc.constantFrom("sequence_id", "sequence_end", "priority", "timeout", "classification"),
  fc.constantFrom("shared_memory_region", "shared_memory_offset", "shared_memory_byte_size"),
  fc.constantFrom("triton_enable_empty_final_response", "triton_", "__proto__", "constructor"),
  fc.string(),
);

const arbitraryParameters = fc.dictionary(arbitraryKey, arbitraryParameter, { maxKeys: 3 });

const arbitraryInput = fc.record(
  {
    name: fc.constantFrom("X", "Y", ""),
    datatype: fc.oneof(fc.constantFrom(...Object.keys(datatypes)), fc.string()),
    shape: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(fromBigint)),
    parameters: arbitraryParameters,
    contents: fc.record(
      { intContents: fc.array(fc.integer()), fp32Contents: fc.array(fc.float()) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

test("any message decodes to a request or to an error of the protocol", () => {
  const message = fc.record(
    {
      id: fc.string(),
      parameters: arbitraryParameters,
      inputs: fc.array(arbitraryInput, { maxLength: 3 }),
      outputs: fc.array(fc.record({ name: fc.string(), parameters: arbitraryParameters })),
      rawInputContents: fc.array(fc.uint8Array(), { maxLength: 3 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(message, (properties) => {
      try {
        decode(properties as Message);
      } catch (error) {
        check.ok(error instanceof InferenceError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("typed contents give the bytes that raw contents are", () => {
  const both = (
    datatype: string,
    contents: inference.InferTensorContents.$Properties,
    raw: ArrayBufferView<ArrayBuffer>,
  ): void => {
    const bytes = new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
    const [fromTyped, fromRaw] = [
      decode(withInput({ datatype, contents }, "none")),
      decode({ ...withInput({ datatype }), rawInputContents: [bytes] }),
    ];
    check.deepEqual(bytesOf(fromTyped), bytesOf(fromRaw));
  };
  const wide = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(
      fc.array(fc.integer()),
      fc.array(wide),
      fc.array(fc.double()),
      (ints, wides, reals) => {
        both("INT32", { intContents: ints }, Int32Array.from(ints));
        both("INT16", { intContents: ints }, Int16Array.from(ints));
        both("INT64", { int64Contents: wides.map(fromBigint) }, BigInt64Array.from(wides));
        both("FP64", { fp64Contents: reals }, Float64Array.from(reals));
        both("FP32", { fp32Contents: reals }, Float32Array.from(reals));
      },
    ),
  );
});
