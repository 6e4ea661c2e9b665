/**
 * Types of `onnx()`: what compiles, and what must not. Nothing here runs: the compiler is the
 * test, and `@ts-expect-error` fails where there is no error.
 */
import { type OnnxModel, onnx } from "./onnx-model.ts";

const named: OnnxModel<"ocr"> = onnx("ocr", { path: "m.onnx" });
onnx("m", {
  path: new URL("file:///m.onnx"),
  version: 2,
  maxBatchSize: 8,
  instances: { count: 2, device: "cuda:1" },
  intraOpThreads: 2,
  interOpThreads: 1,
  graphOptimizationLevel: "extended",
  executionProviders: ["tensorrt", { name: "cuda", deviceId: 1, options: { a: 1, b: true } }],
  limits: { executionTimeoutMs: Number.POSITIVE_INFINITY },
});

// @ts-expect-error: its name is its own
const other: OnnxModel<"other"> = named;
// @ts-expect-error: path is missing
onnx("m", {});
// @ts-expect-error: a misspelt option
onnx("m", { path: "m.onnx", intraOpThread: 2 });
// @ts-expect-error: there is no such level
onnx("m", { path: "m.onnx", graphOptimizationLevel: "most" });
// @ts-expect-error: there is no such provider
onnx("m", { path: "m.onnx", executionProviders: ["coreml"] });
// @ts-expect-error: a provider's device is a number
onnx("m", { path: "m.onnx", executionProviders: [{ name: "cuda", deviceId: "0" }] });
// @ts-expect-error: a device is a CUDA device, or the CPU
onnx("m", { path: "m.onnx", instances: { device: "gpu" } });
// @ts-expect-error: a definition is not changed afterwards
named.path = "other.onnx";

export { other };
