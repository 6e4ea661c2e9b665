/** Texts of onnxruntime, as its users are told: the model's name, what is wrong, what to do. */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { toLoadError, toRunError } from "./onnx-errors.ts";

const model = { name: "m", path: "/models/m.onnx" };

const loads: readonly (readonly [said: string, code: string, told: string | RegExp])[] = [
  [
    "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1978 onnxruntime::Provider& " +
      "onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library " +
      "libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: cannot open shared object " +
      "file in CreateExecutionProviderFactory_Cuda ExecutionProvider_Cuda",
    "UNAVAILABLE",
    /^model 'm': execution provider 'cuda' is not there: .*libcublasLt\.so\.12.*It needs CUDA 12 and cuDNN 9 on this machine.*npm rebuild onnxruntime-node$/,
  ],
  [
    "ExecutionProvider_TensorRT: no TensorRT",
    "UNAVAILABLE",
    /'tensorrt' is not there: .*TensorRT 10/,
  ],
  [
    "CUDA failure 35: driver too old",
    "UNAVAILABLE",
    /'cuda' is not there: CUDA failure 35: driver/,
  ],
  [
    "Unsupported data type: 16",
    "INVALID_ARGUMENT",
    "model 'm' has an input or output of type bfloat16, which onnxruntime-node does not support: /models/m.onnx",
  ],
  ["Unsupported data type: 99", "INVALID_ARGUMENT", /of type number 99, which/],
  [
    "Protobuf parsing failed.",
    "INVALID_ARGUMENT",
    "model 'm': /models/m.onnx is not an ONNX model",
  ],
  ["ModelProto does not have a graph.", "INVALID_ARGUMENT", /is not an ONNX model$/],
  [
    "something\n  else",
    "INTERNAL",
    "model 'm': onnxruntime cannot load /models/m.onnx: something else",
  ],
];

for (const [said, code, told] of loads) {
  test(`a load fails: ${JSON.stringify(said.slice(-60))}`, () => {
    const reason = new Error(said);
    const error = toLoadError(model, reason);
    check.deepEqual([error.code, error.cause], [code, reason]);
    if (typeof told === "string") check.equal(error.message, told);
    else check.match(error.message, told);
    check.doesNotMatch(error.message, /onnxruntime_src|\n/);
  });
}

test("an error of ours keeps its code, and gets the model's name once", () => {
  const plain = toLoadError(model, new InferenceError("NOT_FOUND", "there is no file"));
  check.deepEqual([plain.code, plain.message], ["NOT_FOUND", "model 'm': there is no file"]);
  check.equal(toLoadError(model, plain), plain);
});

test("what is no error is told, too", () => {
  check.match(toLoadError(model, "a text").message, /cannot load \/models\/m\.onnx: a text$/);
});

const runs: readonly (readonly [said: string, code: string, told: string])[] = [
  ["input 'x' is missing in 'feeds'.", "INVALID_ARGUMENT", "input 'x' is missing in 'feeds'."],
  [
    "Got invalid dimensions for input: x for the following indices",
    "INVALID_ARGUMENT",
    "Got invalid dimensions for input: x for the following indices",
  ],
  [
    "Non-zero status code returned while running Gather node. Name:'' Status Message: " +
      "/onnxruntime_src/onnxruntime/core/providers/cpu/tensor/gather.cc:110 bool GatherCopyData(" +
      "const T*) indices element out of data bounds, idx=9",
    "INTERNAL",
    "onnxruntime failed: Gather node: indices element out of data bounds, idx=9",
  ],
  ["out of memory", "INTERNAL", "onnxruntime failed: out of memory"],
];

for (const [said, code, told] of runs) {
  test(`a run fails: ${said.slice(0, 60)}`, () => {
    const reason = new Error(said);
    const error = toRunError("m", reason);
    check.deepEqual(
      [error.code, error.message, error.reason, error.cause],
      [code, `model 'm': ${told}`, "BACKEND", reason],
    );
  });
}

test("an error of ours in a run keeps its code", () => {
  const error = toRunError("m", new InferenceError("INVALID_ARGUMENT", "not UTF-8"));
  check.deepEqual(
    [error.code, error.message, error.reason],
    ["INVALID_ARGUMENT", "model 'm': not UTF-8", "BACKEND"],
  );
});
