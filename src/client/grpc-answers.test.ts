/** Answers of gRPC as any server may send them, and what becomes of requests on the way there. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { inference } from "../protocol/generated/messages.js";
import type { WireRequest } from "./connection.ts";
import { decoded, readAnswer } from "./grpc-answers.ts";
import { encodeInferRequest } from "./grpc-messages.ts";

const request: WireRequest = {
  name: "m",
  version: undefined,
  id: "mine",
  parameters: {},
  inputs: [],
  outputs: [],
  priority: 0,
  timeoutMs: 0,
  sequence: undefined,
};

type Answer = inference.ModelInferResponse.$Properties;

function read(answer: Answer, asked: Partial<WireRequest> = {}) {
  const bytes = inference.ModelInferResponse.encode(answer).finish();
  return readAnswer(decoded(inference.ModelInferResponse, bytes), { ...request, ...asked });
}

/** The request as a server reads it. */
function sent(asked: Partial<WireRequest>, streamId?: string): inference.ModelInferRequest {
  const { pieces, byteLength } = encodeInferRequest({ ...request, ...asked }, streamId);
  return inference.ModelInferRequest.decode(Buffer.concat(pieces, byteLength));
}

function y(datatype: string, shape: number[], contents?: object) {
  return { name: "Y", datatype, shape, ...(contents !== undefined && { contents }) };
}

test("outputs are views of the message, with the caller's id", () => {
  const raw = [Uint8Array.of(1, 2), Uint8Array.of(1, 0, 0, 0, 65)];
  const outputs = [y("UINT8", [2]), { name: "Z", datatype: "BYTES", shape: [1] }];
  const bytes = inference.ModelInferResponse.encode({
    id: "theirs",
    outputs,
    rawOutputContents: raw,
  });
  const message = bytes.finish();
  const answer = readAnswer(decoded(inference.ModelInferResponse, message), request);
  check.equal(answer.id, "mine");
  const [first, second] = answer.outputs;
  check.equal(first?.bytes.buffer, message.buffer);
  check.equal(first?.bytes.constructor, Uint8Array);
  check.deepEqual([first?.bytes.byteLength, second?.bytes.byteLength], [2, 5]);
});

test("listed contents become bytes", () => {
  const lists: readonly [string, object, ArrayBufferView][] = [
    ["BOOL", { boolContents: [true, false] }, Uint8Array.of(1, 0)],
    ["INT8", { intContents: [-1, 2] }, Int8Array.of(-1, 2)],
    ["INT32", { intContents: [-1, 2] }, Int32Array.of(-1, 2)],
    ["INT64", { int64Contents: [-1, 2] }, BigInt64Array.of(-1n, 2n)],
    ["UINT16", { uintContents: [1, 65535] }, Uint16Array.of(1, 65535)],
    ["UINT64", { uint64Contents: [1, 2] }, BigUint64Array.of(1n, 2n)],
    ["FP32", { fp32Contents: [0.5, 2] }, Float32Array.of(0.5, 2)],
    ["FP64", { fp64Contents: [0.5, 2] }, Float64Array.of(0.5, 2)],
    [
      "BYTES",
      { bytesContents: [Buffer.from("a"), Buffer.from("")] },
      Uint8Array.of(1, 0, 0, 0, 97, 0, 0, 0, 0),
    ],
  ];
  for (const [datatype, contents, expected] of lists) {
    const [output] = read({ outputs: [y(datatype, [2], contents)] }).outputs;
    const bytes = new Uint8Array(expected.buffer, expected.byteOffset, expected.byteLength);
    check.deepEqual(new Uint8Array(output?.bytes ?? []), bytes, datatype);
  }
});

test("outputs in shared memory have no bytes", () => {
  const shared = { shared_memory_region: "r", shared_memory_byte_size: 8 };
  const asked = { outputs: [{ name: "Y", shared }] };
  const outputs = [y("FP32", [2]), { name: "Z", datatype: "UINT8", shape: [1] }];
  for (const rawOutputContents of [[Uint8Array.of(), Uint8Array.of(7)], [Uint8Array.of(7)]]) {
    const answer = read({ outputs, rawOutputContents }, asked);
    check.deepEqual(
      answer.outputs.map(({ bytes }) => bytes.byteLength),
      [0, 1],
    );
  }
});

test("parameters, but not what a stream says of itself", () => {
  const parameters = {
    i: { int64Param: { low: 1, high: 0x7fffffff, unsigned: false } },
    n: { int64Param: -2 },
    u: { uint64Param: 3 },
    d: { doubleParam: 0.5 },
    s: { stringParam: "" },
    b: { boolParam: false },
    none: {},
    triton_final_response: { boolParam: true },
  };
  const expected = { i: (0x7fffffffn << 32n) + 1n, n: -2, u: 3, d: 0.5, s: "", b: false };
  check.deepEqual(read({ parameters }).parameters, expected);
});

const wrong: readonly [Answer, string][] = [
  [{ outputs: [y("FP32", [1])] }, "output 'Y' has no data"],
  [{ outputs: [y("FP99", [1])] }, "output 'Y': unknown datatype FP99"],
  [{ outputs: [y("FP32", [-1])] }, "output 'Y': it has no valid shape"],
  [{ outputs: [{ datatype: "FP32" }] }, "output '': it has no name"],
  [
    { outputs: [y("FP32", [2])], rawOutputContents: [Uint8Array.of(1)] },
    "output 'Y': 1 bytes are no FP32 of shape [2]",
  ],
  [
    { outputs: [y("BYTES", [1])], rawOutputContents: [Uint8Array.of(9, 0, 0, 0, 1)] },
    "output 'Y': 5 bytes are no BYTES of shape [1]",
  ],
  [
    { outputs: [y("FP32", [1], { intContents: [1] })] },
    "output 'Y': its contents are no FP32 of its shape",
  ],
  [
    { outputs: [y("FP32", [2], { fp32Contents: [1] })] },
    "output 'Y': its contents are no FP32 of its shape",
  ],
  [
    { rawOutputContents: [Uint8Array.of(1)] },
    "the answer has raw contents that belong to no output: 1",
  ],
];

test("wrong answers are errors that name the output", () => {
  for (const [answer, message] of wrong) {
    check.throws(() => read(answer), { kind: "answer", message });
  }
  check.throws(() => decoded(inference.ModelInferResponse, Uint8Array.of(10, 99)), {
    kind: "answer",
    message: "the answer is no message of this protocol",
  });
});

test("a request says all that was asked for", () => {
  const inRegion = {
    shared_memory_region: "r",
    shared_memory_offset: 8,
    shared_memory_byte_size: 4,
  };
  const inputs = [
    { name: "A", datatype: "FP32", shape: [1], bytes: new Uint8Array(0), shared: inRegion },
    { name: "B", datatype: "UINT8", shape: [300], bytes: new Uint8Array(300).fill(7) },
    { name: "C", datatype: "UINT8", shape: [0], bytes: new Uint8Array(0) },
  ] as const;
  const message = sent({
    version: 3,
    inputs,
    outputs: [
      { name: "Y", classes: 2 },
      { name: "Z", shared: { shared_memory_region: "q", shared_memory_byte_size: 1 } },
    ],
    parameters: { mine: 2n ** 60n },
    priority: 2,
    timeoutMs: 1.5,
    sequence: { id: 2n ** 64n - 1n, isStart: true, isEnd: false },
  });
  check.deepEqual([message.modelName, message.modelVersion, message.id], ["m", "3", "mine"]);
  check.deepEqual(
    message.rawInputContents.map(({ byteLength }) => byteLength),
    [300, 0],
  );
  check.deepEqual(Object.keys(message.inputs[0]?.parameters ?? {}), [
    "shared_memory_region",
    "shared_memory_offset",
    "shared_memory_byte_size",
  ]);
  check.deepEqual(Number(message.outputs[0]?.parameters["classification"]?.int64Param), 2);
  check.equal(message.outputs[1]?.parameters["shared_memory_region"]?.stringParam, "q");
  const { parameters } = message;
  check.deepEqual(Object.keys(parameters), [
    "mine",
    "sequence_id",
    "sequence_start",
    "sequence_end",
    "priority",
    "timeout",
  ]);
  check.equal(Number(parameters["priority"]?.uint64Param), 2);
  check.equal(Number(parameters["timeout"]?.int64Param), 1500);
  check.equal(BigInt(`${parameters["sequence_id"]?.int64Param}`), -1n);
  check.equal(parameters["sequence_start"]?.boolParam, true);
  const named = sent({ sequence: { id: "s", isStart: false, isEnd: true } }, "wire");
  check.equal(named.id, "wire");
  check.equal(named.parameters["sequence_id"]?.stringParam, "s");
  check.equal(named.parameters["triton_enable_empty_final_response"]?.boolParam, true);
});
