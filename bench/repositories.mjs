/**
 * Model repositories for the benchmarks, in temporary folders, until the process ends.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onnxGraph } from "../dist/testing/onnx-graphs.js";

export function repositoryOf(files) {
  const folder = mkdtempSync(join(tmpdir(), "shoal-repository-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const fp32 = (name) => ({ name, type: "FP32", shape: ["rows", 16] });

/** `sum` is `a + b`, which takes so many MiB of weights: all of them are 0. */
export function weightyGraph(mib) {
  const hidden = (mib * 2 ** 20) / 4 / 32;
  const weights = [
    { name: "w0", shape: [16, hidden], values: new Float32Array(16 * hidden) },
    { name: "w1", shape: [hidden, 16], values: new Float32Array(16 * hidden) },
  ];
  return onnxGraph({
    inputs: [fp32("a"), fp32("b")],
    outputs: [fp32("sum")],
    nodes: [
      { op: "MatMul", inputs: ["a", "w0"], outputs: ["h"] },
      { op: "MatMul", inputs: ["h", "w1"], outputs: ["nothing"] },
      { op: "Add", inputs: ["a", "b"], outputs: ["plain"] },
      { op: "Add", inputs: ["plain", "nothing"], outputs: ["sum"] },
    ],
    constants: weights,
  });
}

/** The same without weights, in JavaScript. */
export const addModule = `
  import { fp32, model } from "shoal";
  const tensor = fp32(16);
  export default model("m", {
    inputs: { a: tensor, b: tensor },
    outputs: { sum: tensor },
    infer: ({ a, b }) => ({ sum: a.map((value, at) => value + b.data[at]) }),
  });
`;
