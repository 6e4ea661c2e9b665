/**
 * What a model's function returned, as tensors of a batch: every form, what is copied of it, and
 * every complaint. (Values of each datatype: definition/written-values.test.ts.)
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { bytes, fp32, int64, type TensorSpecs } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import { allocateBytes } from "../protocol/byte-slab.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { BackendResult } from "./backend.ts";
import { outputTensors } from "./function-outputs.ts";

const specs = { y: fp32(2) } as const;

const plan = { modelName: "m", rows: 2, allocate: allocateBytes };

function outputsOf(returned: unknown, of: TensorSpecs = specs): BackendResult {
  return outputTensors({ ...plan, specs: of }, returned);
}

/** Of the one output. */
function told(result: BackendResult): readonly unknown[] {
  const [{ name, datatype, shape, bytes: own }] = result.outputs as [BackendResult["outputs"][0]];
  const values = [...new Float32Array(own.slice().buffer)];
  return [name, datatype, shape, values, result.copiedBytes];
}

const values = [1, 2, 3, 4];

const forms: readonly (readonly [what: string, value: unknown, copiedBytes: number])[] = [
  ["a tensor", Tensor.from(fp32(2), values, [2, 2]), 0],
  ["part of a tensor", Tensor.from(fp32(2), [9, 9, ...values], [3, 2]).slice(1), 0],
  ["a typed array", Float32Array.from(values), 16],
  ["part of a typed array", Float32Array.of(9, ...values, 9).subarray(1, 5), 16],
  [
    "nested arrays",
    [
      [1, 2],
      [3, 4],
    ],
    0,
  ],
  ["a flat array", values, 0],
];

for (const [what, value, copiedBytes] of forms) {
  test(`${what}`, () => {
    check.deepEqual(told(outputsOf({ y: value })), ["y", "FP32", [2, 2], values, copiedBytes]);
  });
}

test("a tensor over memory of somebody else's is copied", () => {
  const memory = new Uint8Array(Float32Array.from(values).buffer);
  const parts = { datatype: "FP32", shape: [2, 2], as: "number", bytes: memory } as const;
  const result = outputsOf({ y: new Tensor(parts) });
  memory.fill(0);
  check.deepEqual(told(result), ["y", "FP32", [2, 2], values, 16]);
});

test("memory that was returned is in the result as it is, or as a copy", () => {
  const tensor = Tensor.zeros("FP32", [2, 2]);
  const array = new Float32Array(4);
  const { buffer } = tensor.data;
  check.equal(outputsOf({ y: tensor }).outputs[0]?.bytes.buffer, buffer);
  check.notEqual(outputsOf({ y: array }).outputs[0]?.bytes.buffer, array.buffer);
});

test("a tensor that was returned is gone, and so are its parts", () => {
  const tensor = Tensor.zeros("FP32", [3, 2]);
  const part = tensor.slice(1);
  outputsOf({ y: part });
  for (const gone of [tensor, part]) {
    check.throws(() => gone.data, /is gone: it was returned from infer/);
  }
});

test("one tensor for two outputs", () => {
  const tensor = Tensor.from(fp32(2), values, [2, 2]);
  const { outputs } = outputsOf({ y: tensor, z: tensor }, { y: fp32(2), z: fp32(2) });
  check.deepEqual(
    outputs.map(({ name }) => name),
    ["y", "z"],
  );
  check.equal(outputs[0]?.bytes.buffer, outputs[1]?.bytes.buffer);
});

test("a tensor is not gone if something else that was returned is wrong", () => {
  const tensor = Tensor.zeros("FP32", [2, 2]);
  check.throws(() => outputsOf({ y: tensor, z: 5 }, { y: fp32(2), z: fp32(2) }));
  check.equal(tensor.data.length, 4);
});

test("outputs come in the order of the specification", () => {
  const of = { n: int64(1), y: fp32(1), text: bytes(1) };
  const { outputs } = outputsOf({ text: [["a"], ["b"]], y: [[1], [2]], n: [[1n], [2n]] }, of);
  check.deepEqual(
    outputs.map(({ name, datatype }) => [name, datatype]),
    [
      ["n", "INT64"],
      ["y", "FP32"],
      ["text", "BYTES"],
    ],
  );
});

test("without batching the specification is the whole shape", () => {
  const whole = { ...plan, specs, rows: undefined };
  const { outputs } = outputTensors(whole, { y: Float32Array.of(1, 2) });
  check.deepEqual(outputs[0]?.shape, [2]);
});

const wrong: readonly (readonly [returned: unknown, message: string])[] = [
  [undefined, "infer must return an object of outputs; got undefined"],
  [[[1, 2]], "infer must return an object of outputs; got an array"],
  [{}, "infer did not return output 'y'"],
  [{ y: undefined }, "infer did not return output 'y'"],
  [{ y: null }, "output 'y' must be a tensor, a typed array or nested arrays; got null"],
  [{ y: values, z: values }, "infer returned 'z', which is no output of it"],
  [{ y: Tensor.from("INT32", [[1]]) }, "output 'y' must be FP32; got INT32"],
  [{ y: [["a"]] }, "output 'y' a string is not a value of FP32"],
];

for (const [returned, message] of wrong) {
  test(`refused: ${message}`, () => {
    check.throws(
      () => outputsOf(returned),
      (error) => {
        check.ok(error instanceof InferenceError);
        check.deepEqual(
          [error.code, error.message, error.reason],
          ["INTERNAL", `model 'm': ${message}`, "BACKEND"],
        );
        return true;
      },
    );
  });
}

test("an integer that a client sent, and that the model's form cannot hold, is the client's", () => {
  const parts = { datatype: "BYTES", shape: [2, 1], as: "string" } as const;
  const notText = new Tensor({ ...parts, bytes: Uint8Array.of(1, 0, 0, 0, 255) });
  check.throws(() => outputsOf({ y: notText.map((text) => text) }, { y: bytes(1) }), {
    code: "INVALID_ARGUMENT",
  });
});
