/**
 * Validation: each text of the protocol, and which of two faults wins.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type Datatype, datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { elementCount } from "../protocol/shape.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { inferRequest, modelConfig } from "../testing/core-fixture.ts";
import type { ConfigTensor } from "./check-tensors.ts";
import type { ModelConfig } from "./model-config.ts";
import { validateRequest } from "./validate-request.ts";

interface Declared {
  readonly inputs: readonly Partial<ConfigTensor>[];
  /** Undefined: no batching. */
  readonly maxBatchSize?: number;
}

function configOf({ inputs, maxBatchSize }: Declared): ModelConfig {
  const tensor = { datatype: "FP32", dims: [1], isOptional: false } as const;
  return modelConfig({
    inputs: inputs.map((input) => ({ ...tensor, name: "A", ...input })),
    outputs: ["Y", "Z"].map((name) => ({ ...tensor, name })),
    options: maxBatchSize === undefined ? { batching: false } : { maxBatchSize },
  });
}

/** A tensor with as many bytes as its shape needs, unless told otherwise. */
function input(
  name: string,
  shape: readonly number[],
  more: { readonly datatype?: Datatype; readonly bytes?: readonly number[] } = {},
): WireTensor {
  const { datatype = "FP32" } = more;
  const zeros = { length: Math.max(0, elementCount(shape)) * datatypes[datatype].byteSize };
  const bytes = Uint8Array.from(more.bytes ?? Array.from(zeros, () => 0));
  const chunks = bytes.length === 0 ? [] : [bytes];
  return { name, datatype, shape, chunks, byteLength: bytes.length };
}

function requestOf(changes: Partial<InferRequest>): InferRequest {
  return inferRequest({ id: "7", ...changes });
}

const one: Declared = { inputs: [{ dims: [2] }], maxBatchSize: 8 };
const two: Declared = { inputs: [{ dims: [2] }, { name: "B", dims: [2] }], maxBatchSize: 8 };
const unbatched: Declared = { inputs: [{ dims: [2, -1] }] };
const text: Declared = { inputs: [{ dims: [2], datatype: "BYTES" }], maxBatchSize: 8 };
const oneOptional: Declared = {
  inputs: [{ dims: [2] }, { name: "B", dims: [2] }, { name: "C", dims: [2], isOptional: true }],
  maxBatchSize: 8,
};
const BYTES = "BYTES" as const;

const fine: readonly [what: string, Declared, Partial<InferRequest>][] = [
  ["all inputs, in another order", two, { inputs: [input("B", [3, 2]), input("A", [3, 2])] }],
  ["a full batch", one, { inputs: [input("A", [8, 2])] }],
  ["outputs that are there", one, { inputs: [input("A", [1, 2])], requestedOutputs: ["Z", "Y"] }],
  ["without the optional one", oneOptional, { inputs: [input("A", [1, 2]), input("B", [1, 2])] }],
  [
    "with the optional one",
    oneOptional,
    { inputs: [input("C", [1, 2]), input("A", [1, 2]), input("B", [1, 2])] },
  ],
  ["any size where any is allowed", unbatched, { inputs: [input("A", [2, 5])] }],
  ["a tensor without elements", unbatched, { inputs: [input("A", [2, 0])] }],
  [
    "texts",
    text,
    {
      inputs: [input("A", [1, 2], { datatype: BYTES, bytes: [1, 0, 0, 0, 97, 0, 0, 0, 0] })],
    },
  ],
  ["no inputs, if the model has none", { inputs: [] }, {}],
];

for (const [what, declared, request] of fine) {
  test(`fine: ${what}`, () => validateRequest(requestOf(request), configOf(declared)));
}

const note =
  "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be " +
  "prepended to each input shape. If you want to specify the full shape including the batch dim " +
  "in your input dims config, try setting max_batch_size to zero. See the model configuration " +
  "docs for more info on max_batch_size.";

const please = "Please provide all required input(s).";

/** In the order of the protocol: rows 3 to 11 of its table. */
const faults: readonly [Declared, Partial<InferRequest>, message: string][] = [
  [
    one,
    { inputs: [input("A", [1, 2])], requestedOutputs: ["Y", "X"] },
    "unexpected inference output 'X' for model 'm'",
  ],
  [
    two,
    { inputs: [input("A", [1, 2])] },
    "[request id: 7] expected 2 inputs but got 1 inputs for model 'm'. Got input(s) ['A'], " +
      `but missing required input(s) ['B']. ${please}`,
  ],
  [
    two,
    { id: "" },
    "[request id: <id_unknown>] expected 2 inputs but got 0 inputs for model 'm'. " +
      `Got input(s) [], but missing required input(s) ['A','B']. ${please}`,
  ],
  [
    one,
    { inputs: [input("A", [1, 2]), input("B", [1, 2])] },
    "[request id: 7] expected 1 inputs but got 2 inputs for model 'm'. Got input(s) ['A','B'], " +
      `but missing required input(s) []. ${please}`,
  ],
  [
    oneOptional,
    { inputs: [input("A", [1, 2])] },
    "[request id: 7] expected number of inputs between 2 and 3 but got 1 inputs for model 'm'. " +
      `Got input(s) ['A'], but missing required input(s) ['B']. ${please}`,
  ],
  [
    oneOptional,
    { inputs: [input("A", [1, 2]), input("C", [1, 2])] },
    "[request id: 7] expected number of inputs between 2 and 3 but got 2 inputs for model 'm'. " +
      `Got input(s) ['A','C'], but missing required input(s) ['B']. ${please}`,
  ],
  [
    two,
    { inputs: [input("A", [1, 2]), input("X", [1, 2])] },
    "unexpected inference input 'X' for model 'm'",
  ],
  [
    two,
    { inputs: [input("A", []), input("B", [1, 2])] },
    "[request id: 7] input 'A' has no shape but model requires batch dimension for 'm'",
  ],
  [
    two,
    { inputs: [input("A", [2, 2]), input("B", [3, 2])] },
    "[request id: 7] input 'B' batch size does not match other inputs for 'm'",
  ],
  [
    one,
    { inputs: [input("A", [9, 2])] },
    "[request id: 7] inference request batch-size must be <= 8 for 'm'",
  ],
  [
    one,
    { inputs: [input("A", [1, 2], { datatype: "INT32" })] },
    "[request id: 7] inference input 'A' data-type is 'INT32', but model 'm' expects 'FP32'",
  ],
  [
    one,
    { inputs: [input("A", [1, 3])] },
    "[request id: 7] unexpected shape for input 'A' for model 'm'. " +
      `Expected [-1,2], got [1,3]. ${note}`,
  ],
  [
    one,
    { inputs: [input("A", [2])] },
    `[request id: 7] unexpected shape for input 'A' for model 'm'. Expected [-1,2], got [2]. ${note}`,
  ],
  [
    unbatched,
    { inputs: [input("A", [3, 1])] },
    "[request id: 7] unexpected shape for input 'A' for model 'm'. Expected [2,-1], got [3,1]. ",
  ],
  [
    unbatched,
    { inputs: [input("A", [2, 1, 1])] },
    "[request id: 7] unexpected shape for input 'A' for model 'm'. Expected [2,-1], got [2,1,1]. ",
  ],
  [
    unbatched,
    { inputs: [input("A", [2, -1])] },
    "[request id: 7] All input dimensions should be specified for input 'A' for model 'm', " +
      "got [2,-1]",
  ],
  [
    one,
    { inputs: [input("A", [2, 2], { bytes: [0, 0, 0, 0] })] },
    "[request id: 7] input byte size mismatch for input 'A' for model 'm'. Expected 16, got 4",
  ],
  [
    unbatched,
    { inputs: [input("A", [2, 2 ** 53 - 1], { bytes: [] })] },
    "[request id: 7] input byte size mismatch for input 'A' for model 'm'. " +
      "Expected 72057594037927928, got 0",
  ],
  [
    one,
    { inputs: [input("A", [0, 2])] },
    "[request id: 7] input byte size mismatch for input 'A' for model 'm'. Expected 8, got 0",
  ],
  [
    text,
    { inputs: [input("A", [1, 2], { datatype: BYTES, bytes: [0, 0, 0, 0, 1, 0] })] },
    "[request id: 7] incomplete string length indicator for inference input 'A' for model 'm', " +
      "expecting 4 bytes but only 2 bytes available. Please make sure the string length " +
      "indicator is in one buffer.",
  ],
  [
    text,
    { inputs: [input("A", [1, 2], { datatype: BYTES, bytes: [0, 0, 0, 0, 3, 0, 0, 0, 97] })] },
    "incomplete string data for inference input 'A', expecting string of length 3 but only " +
      "1 bytes available",
  ],
  [
    text,
    {
      inputs: [input("A", [1, 2], { datatype: BYTES, bytes: Array.from({ length: 12 }, () => 0) })],
    },
    "[request id: 7] unexpected number of string elements 3 for inference input 'A' " +
      "for model 'm', expecting 2",
  ],
  [
    text,
    { inputs: [input("A", [1, 2], { datatype: BYTES, bytes: [0, 0, 0, 0] })] },
    "[request id: 7] expected 2 string elements for inference input 'A' for model 'm', got 1",
  ],
  [
    text,
    { inputs: [input("A", [0, 2], { datatype: BYTES, bytes: [] })] },
    "[request id: 7] expected 2 string elements for inference input 'A' for model 'm', got 0",
  ],
];

function refusal(declared: Declared, request: Partial<InferRequest>): string {
  try {
    validateRequest(requestOf(request), configOf(declared));
  } catch (error) {
    check.ok(error instanceof InferenceError);
    check.equal(error.code, "INVALID_ARGUMENT");
    return error.message;
  }
  return check.fail("it was accepted");
}

for (const [declared, request, message] of faults) {
  test(`refused: ${message}`, () => check.equal(refusal(declared, request), message));
}

/** Requests with two faults each: the one that wins. */
const contests: readonly [what: string, Partial<InferRequest>, winner: RegExp][] = [
  ["output before number", { requestedOutputs: ["X"] }, /inference output 'X'/],
  ["number before name", { inputs: [input("X", [1, 2])] }, /expected 2 inputs/],
  ["name before shape", { inputs: [input("A", []), input("X", [])] }, /inference input 'X'/],
  [
    "rows of inputs before most rows",
    { inputs: [input("A", [9, 2]), input("B", [1, 2])] },
    /match/,
  ],
  [
    "most rows before datatype",
    { inputs: [input("A", [9, 2], { datatype: "INT8" }), input("B", [9, 2])] },
    /batch-size/,
  ],
  [
    "datatype before shape",
    { inputs: [input("A", [1, 3], { datatype: "INT8" }), input("B", [1, 2])] },
    /data-type/,
  ],
  [
    "shape before bytes",
    { inputs: [input("A", [1, 3], { bytes: [1] }), input("B", [1, 2])] },
    /unexpected shape/,
  ],
  [
    "the configuration's order of inputs, whatever the request's",
    { inputs: [input("B", [1, 3]), input("A", [1, 2], { bytes: [1] })] },
    /byte size mismatch for input 'A'/,
  ],
];

for (const [what, request, winner] of contests) {
  test(`which fault wins: ${what}`, () => check.match(refusal(two, request), winner));
}
