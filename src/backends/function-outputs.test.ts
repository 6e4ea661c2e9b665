/**
 * What `infer` returned: every form it may have, what is copied of it, and what is refused.
 *
 * Asked of a whole model, as a user writes it.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type FunctionModel, model } from "../definition/model.ts";
import { bytes, fp32, int64, type TensorSpecs } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { elementsOf, wholeBytes } from "../testing/batch-fixture.ts";
import { backendCall, fp32Tensor, instanceContext } from "../testing/onnx-fixture.ts";
import type { BackendResult, LoadedModel } from "./backend.ts";
import { createFunctionBackend } from "./function.ts";

/** Of two rows; `infer` gets `x`, FP32 [2,2], and returns what `make` makes. */
async function modelThat(
  make: (x: Tensor<"FP32">) => unknown,
  outputs: TensorSpecs = { y: fp32(2) },
  options: { readonly batching?: false } = {},
): Promise<LoadedModel> {
  const infer = (({ x }: { readonly x: Tensor<"FP32"> }) => make(x)) as never;
  const built = model("m", { inputs: { x: fp32(2) }, outputs, ...options, infer });
  return await createFunctionBackend(built as unknown as FunctionModel).load(instanceContext());
}

async function resultOf(
  make: (x: Tensor<"FP32">) => unknown,
  outputs?: TensorSpecs,
): Promise<BackendResult> {
  return await runOnce(await modelThat(make, outputs));
}

async function runOnce(loaded: LoadedModel): Promise<BackendResult> {
  return await loaded.run(backendCall({ x: fp32Tensor([2, 2], [1, 2, 3, 4]) }, [[], []]));
}

const own = Float32Array.of(5, 6, 7, 8);
const values = [5, 6, 7, 8];

/** Forms of the same output, and how many of its 16 bytes are copied. */
const forms: readonly [what: string, make: (x: Tensor<"FP32">) => unknown, copied: number][] = [
  ["a tensor of zeros that was filled", () => fill(Tensor.zeros("FP32", [2, 2])), 0],
  [
    "a tensor from nested arrays",
    () =>
      Tensor.from("FP32", [
        [5, 6],
        [7, 8],
      ]),
    0,
  ],
  ["a tensor from an array", () => Tensor.from("FP32", own, [2, 2]), 0],
  ["a tensor by map", (x) => x.map((value) => value + 4), 0],
  ["an input, changed", (x) => fill(x), 0],
  ["rows of a larger tensor", () => fill(Tensor.zeros("FP32", [3, 2])).slice(0, 2), 0],
  ["a clone", () => fill(Tensor.zeros("FP32", [2, 2])).clone(), 0],
  [
    "nested arrays",
    () => [
      [5, 6],
      [7, 8],
    ],
    0,
  ],
  ["a flat array of numbers", () => values, 0],
  ["an array of the model's own", () => own, 16],
  ["a part of an array of its own", () => Float32Array.of(0, ...values, 0).subarray(1, 5), 16],
  ["the array inside a tensor", () => fill(Tensor.zeros("FP32", [2, 2])).data, 16],
  ["the array inside an input", (x) => fill(x).data, 16],
  ["shared memory", () => fillArray(new Float32Array(new SharedArrayBuffer(16))), 16],
];

for (const [what, make, copied] of forms) {
  test(`${what}: ${copied} bytes copied`, async () => {
    const { outputs, copiedBytes } = await resultOf((x) => ({ y: make(x) }));
    check.deepEqual(summaryOf(outputs), [["y", "FP32", [2, 2], values]]);
    check.equal(copiedBytes, copied);
    for (const { chunks } of outputs)
      for (const { buffer } of chunks) {
        check.ok(buffer instanceof ArrayBuffer && buffer !== own.buffer, "it can be given away");
      }
  });
}

test("an input that is returned unread is handed through as it came", async () => {
  const loaded = await modelThat((x) => ({ y: x }));
  const call = backendCall({ x: fp32Tensor([2, 2], values) }, [[], []]);
  const { outputs, copiedBytes } = await loaded.run(call);
  check.equal(outputs[0]?.chunks[0], call.inputs[0]?.chunks[0]);
  check.equal(copiedBytes, 0);
});

test("integers that are numbers to the model are written anew, not copied", async () => {
  const outputs = { y: int64(1, { as: "number" }) };
  const made = await resultOf(() => ({ y: Float64Array.of(-1, 2 ** 53 - 1) }), outputs);
  check.equal(made.copiedBytes, 0);
  const [y] = made.outputs;
  check.deepEqual(y && [...new BigInt64Array(wholeBytes(y).buffer)], [-1n, 2n ** 53n - 1n]);
});

test("texts", async () => {
  const made = await resultOf(() => ({ y: [["a"], ["🐟"]] }), { y: bytes(1) });
  check.deepEqual(summaryOf(made.outputs), [["y", "BYTES", [2, 1], ["a", "🐟"]]]);
  check.equal(made.copiedBytes, 0);
});

test("outputs come in the order of their declaration", async () => {
  const make = () => ({ b: [[1], [2]], a: [[3], [4]] });
  const { outputs } = await resultOf(make, { a: fp32(1), b: fp32(1) });
  check.deepEqual(summaryOf(outputs), [
    ["a", "FP32", [2, 1], [3, 4]],
    ["b", "FP32", [2, 1], [1, 2]],
  ]);
});

test("one tensor for two outputs, and parts of one for two", async () => {
  const two = { a: fp32(2), b: fp32(2) };
  const same = await resultOf((x) => ({ a: x, b: x }), two);
  check.deepEqual(same.outputs.map(elementsOf), [
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
  check.equal(same.copiedBytes, 0);
  const parts = await modelThat((x) => ({ a: x.slice(0, 1), b: x.slice(1) }), two, {
    batching: false,
  });
  check.deepEqual((await runOnce(parts)).outputs.map(elementsOf), [
    [1, 2],
    [3, 4],
  ]);
});

test("the model's own array stays its own, and is copied each time", async () => {
  const state = Float32Array.of(0, 0, 0, 0);
  const loaded = await modelThat((x) => {
    for (const [index, value] of x.data.entries()) state[index] = (state[index] ?? 0) + value;
    return { y: state };
  });
  const first = await runOnce(loaded);
  const second = await runOnce(loaded);
  check.deepEqual(first.outputs.map(elementsOf), [[1, 2, 3, 4]]);
  check.deepEqual(second.outputs.map(elementsOf), [[2, 4, 6, 8]]);
  check.deepEqual([first.copiedBytes, second.copiedBytes], [16, 16]);
});

test("a tensor that was returned cannot be returned again, and says what to do", async () => {
  const kept = Tensor.zeros("FP32", [2, 2]);
  const loaded = await modelThat(() => ({ y: kept }));
  await runOnce(loaded);
  const message =
    "model 'm': output 'y': this tensor (FP32 [2,2]) is gone: it was returned from infer: return " +
    "or keep a clone()";
  await check.rejects(async () => await runOnce(loaded), { code: "INTERNAL", message });
});

test("outputs without elements", async () => {
  for (const make of [
    () => Tensor.zeros("FP32", [2, 0]),
    () => new Float32Array(),
    () => [[], []],
  ]) {
    const { outputs, copiedBytes } = await resultOf(() => ({ y: make() }), { y: fp32(-1) });
    check.deepEqual(summaryOf(outputs), [["y", "FP32", [2, 0], []]]);
    check.deepEqual([outputs[0]?.chunks, copiedBytes], [[], 0]);
  }
});

/** What is refused; the rest, such as rows, is checked with the batch (split-outputs.ts). */
const refusals: readonly [returned: unknown, message: string][] = [
  [undefined, "infer must return an object of outputs; got undefined"],
  [null, "infer must return an object of outputs; got null"],
  [[[1, 2]], "infer must return an object of outputs; got an array"],
  [5, "infer must return an object of outputs; got number"],
  [{}, "infer did not return output 'y'"],
  [{ y: undefined }, "infer did not return output 'y'"],
  [{ y: own, z: own }, "infer returned 'z', which is no output of it"],
  [{ Y: own }, "infer returned 'Y', which is no output of it"],
  [{ y: own, toString: 1 }, "infer returned 'toString', which is no output of it"],
  [{ y: 5 }, "output 'y' must be a tensor, a typed array or nested arrays; got number"],
  [{ y: null }, "output 'y' must be a tensor, a typed array or nested arrays; got null"],
  [{ y: {} }, "output 'y' must be a tensor, a typed array or nested arrays; got object"],
  [{ y: Float64Array.from(own) }, "output 'y' must be a Float32Array; got a Float64Array"],
  [{ y: Float32Array.of(1) }, "output 'y' must be elements of shape [2,2]; got 1 elements"],
  [{ y: Tensor.zeros("INT32", [2, 2]) }, "output 'y' must be FP32; got INT32"],
  [
    {
      y: [
        ["1", 2],
        [3, 4],
      ],
    },
    "output 'y': a string is not a value of FP32",
  ],
  [{ y: [[1, 2], [3]] }, "output 'y': ragged arrays: 1 elements at depth 1 of shape [2,2]"],
];

for (const [returned, message] of refusals) {
  test(`refused: ${message}`, async () => {
    await check.rejects(
      resultOf(() => returned),
      {
        code: "INTERNAL",
        reason: "BACKEND",
        message: `model 'm': ${message}`,
      },
    );
  });
}

function summaryOf(outputs: readonly WireTensor[]): readonly unknown[] {
  return outputs.map((output) => [output.name, output.datatype, output.shape, elementsOf(output)]);
}

function fill(tensor: Tensor<"FP32">): Tensor<"FP32"> {
  fillArray(tensor.data);
  return tensor;
}

function fillArray(array: Float32Array): Float32Array {
  array.set(values);
  return array;
}
