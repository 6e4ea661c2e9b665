/**
 * An ONNX graph whose run takes long: the same multiplication again and again. One repeat for a row
 * of x is a million multiplications; `x` is [rows, 1], so a request for it is small.
 */
import { onnxGraph } from "../../dist/testing/onnx-graphs.js";

const width = 1024;

export function longRunGraph(repeats: number): Uint8Array {
  const value = { type: "FP32", shape: ["rows", 1] } as const;
  const steps = Array.from({ length: repeats }, (_, index) => index);
  return onnxGraph({
    inputs: [{ name: "x", ...value }],
    outputs: [{ name: "y", ...value }],
    nodes: [
      { op: "MatMul", inputs: ["x", "widen"], outputs: ["value0"] },
      ...steps.map((step) => ({
        op: "MatMul",
        inputs: [`value${step}`, "weights"],
        outputs: [`value${step + 1}`],
      })),
      { op: "MatMul", inputs: [`value${repeats}`, "narrow"], outputs: ["y"] },
    ],
    constants: [
      { name: "widen", shape: [1, width], values: new Float32Array(width).fill(1) },
      // A row of equal numbers stays as it is.
      {
        name: "weights",
        shape: [width, width],
        values: new Float32Array(width ** 2).fill(1 / width),
      },
      { name: "narrow", shape: [width, 1], values: new Float32Array(width).fill(1 / width) },
    ],
  });
}
