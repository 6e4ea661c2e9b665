/**
 * Raw requests: the shape that is deduced from so many bytes, and why it cannot be.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { type Datatype, datatypes } from "./datatype.ts";
import type { InferRequest } from "./infer.ts";
import { decodeRawRequest } from "./raw-request.ts";
import type { ModelInputs } from "./request-body.ts";

interface Plan {
  readonly maxInputBytes?: number;
}

function decode(model: ModelInputs, chunks: readonly Uint8Array[], plan: Plan = {}): InferRequest {
  return decodeRawRequest({
    modelName: "m",
    modelVersion: 2,
    requestId: "made",
    chunks,
    byteLength: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0),
    maxInputBytes: 1000,
    ...plan,
    model,
  });
}

function modelOf(datatype: Datatype, dims: readonly number[], maxBatchSize = 0): ModelInputs {
  return { maxBatchSize, inputs: [{ name: "x", datatype, dims }] };
}

const deduced: readonly [model: ModelInputs, byteLength: number, shape: readonly number[]][] = [
  [modelOf("FP32", [2]), 8, [2]],
  [modelOf("FP32", [2], 8), 8, [1, 2]],
  [modelOf("FP32", [2, 3]), 24, [2, 3]],
  [modelOf("FP32", [-1]), 12, [3]],
  [modelOf("FP32", [-1], 1), 0, [1, 0]],
  [modelOf("UINT8", [-1]), 0, [0]],
  [modelOf("UINT8", [3, -1, 2], 4), 30, [1, 3, 5, 2]],
  [modelOf("INT64", [-1, 2]), 32, [2, 2]],
  [modelOf("FP16", [5]), 10, [5]],
];

for (const [model, byteLength, shape] of deduced) {
  const [input] = model.inputs;
  test(`${byteLength} bytes of ${input?.datatype} [${input?.dims}]: [${shape}]`, () => {
    const chunks = byteLength === 0 ? [] : [new Uint8Array(byteLength)];
    check.deepEqual(decode(model, chunks), {
      modelName: "m",
      modelVersion: 2,
      id: "",
      logId: "made",
      parameters: {},
      inputs: [{ name: "x", datatype: input?.datatype, shape, chunks, byteLength }],
      requestedOutputs: [],
      priority: 0,
      timeoutMs: 0,
      sequence: undefined,
    });
  });
}

const about = "[request id: <id_unknown>] ";
const oneInput = "Raw request must only have 1 input (found 1) to be deduced but got";
const mismatch = `${about}input byte size mismatch for input 'raw_input' for model 'm'.`;
const twoInputs: ModelInputs = {
  maxBatchSize: 0,
  inputs: [...modelOf("FP32", [1]).inputs, { name: "y", datatype: "FP32", dims: [1] }],
};
const bytesShape = `${about}For BYTE datatype raw input 'x', the model must have input shape [1]`;

const refused: readonly [what: string, model: ModelInputs, byteLength: number, message: string][] =
  [
    ["two inputs", twoInputs, 4, `${about}${oneInput} 2 inputs in 'm' model configuration`],
    [
      "no inputs",
      { maxBatchSize: 0, inputs: [] },
      0,
      `${about}${oneInput} 0 inputs in 'm' model configuration`,
    ],
    [
      "two free dimensions",
      modelOf("FP32", [-1, 2, -1]),
      8,
      `${about}The shape of the raw input 'x' can not be deduced because there are more than one ` +
        "variable-sized dimension",
    ],
    ["strings of another shape", modelOf("BYTES", [2]), 4, bytesShape],
    ["strings of a free shape", modelOf("BYTES", [-1]), 4, bytesShape],
    ["strings of two dimensions", modelOf("BYTES", [1, 1]), 4, bytesShape],
    ["too few bytes", modelOf("FP32", [2]), 7, `${mismatch} Expected 8, got 7`],
    ["too many bytes", modelOf("FP32", [2], 8), 16, `${mismatch} Expected 8, got 16`],
    ["bytes that do not divide", modelOf("FP32", [-1, 2]), 20, `${mismatch} Expected 16, got 20`],
    ["too few to divide", modelOf("FP32", [-1, 2]), 4, `${mismatch} Expected 0, got 4`],
    [
      "a shape beyond 2^53",
      modelOf("FP64", [2 ** 40, 2 ** 40, -1]),
      8,
      `${mismatch} Expected 0, got 8`,
    ],
    [
      "a fixed shape beyond 2^53",
      modelOf("UINT8", [2 ** 40, 2 ** 40]),
      8,
      `${mismatch} Expected 1208925819614629174706176, got 8`,
    ],
    [
      "more than may be",
      twoInputs,
      1001,
      "Raw input has a byte_size (1001 bytes) that exceeds the maximum allowed value of 1000 bytes. " +
        "Use --http-max-input-size to increase the limit.",
    ],
  ];

for (const [what, model, byteLength, message] of refused) {
  test(`refused: ${what}`, () => {
    check.throws(() => decode(model, [new Uint8Array(byteLength)]), {
      name: "InferenceError",
      code: "INVALID_ARGUMENT",
      message,
    });
  });
}

test("BYTES: the body is the one string, and its length is put before it", () => {
  for (const [maxBatchSize, shape] of [
    [0, [1]],
    [8, [1, 1]],
  ] as const) {
    const chunks = [Buffer.from("ab"), Buffer.from("c")];
    const [input] = decode(modelOf("BYTES", [1], maxBatchSize), chunks).inputs;
    check.deepEqual(input?.shape, shape);
    check.equal(input.byteLength, 7);
    check.deepEqual(Buffer.concat(input.chunks), Buffer.from("\x03\x00\x00\x00abc"));
    check.deepEqual(input.chunks.slice(1), chunks);
  }
  const [input] = decode(modelOf("BYTES", [1]), []).inputs;
  check.deepEqual(Buffer.concat(input!.chunks), Buffer.alloc(4));
});

test("the bytes are not copied", () => {
  const chunks = [new Uint8Array(3), new Uint8Array(5)];
  check.equal(decode(modelOf("UINT8", [8]), chunks).inputs[0]?.chunks, chunks);
});

test("any number of bytes gives a shape that they fill, or is refused", () => {
  const numeric = (Object.keys(datatypes) as Datatype[]).filter((name) => name !== "BYTES");
  const dims = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.constantFrom(...numeric),
      dims,
      fc.nat(3),
      fc.nat(200),
      (datatype, fixed, at, byteLength) => {
        const free = fixed.with(at % fixed.length, -1);
        const rest = fixed.toSpliced(at % fixed.length, 1);
        const rowBytes = rest.reduce(
          (product, each) => product * each,
          datatypes[datatype].byteSize,
        );
        const run = (): InferRequest =>
          decode(modelOf(datatype, free, 4), [new Uint8Array(byteLength)]);
        if (byteLength % rowBytes !== 0) check.throws(run, { code: "INVALID_ARGUMENT" });
        else {
          const shape = [1, ...free.with(at % fixed.length, byteLength / rowBytes)];
          check.deepEqual(run().inputs[0]?.shape, shape);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
