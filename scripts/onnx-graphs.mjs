/**
 * Writes the generated ONNX graphs as model files, to serve or to look at. The repository holds
 * none: they are made by src/testing/onnx-graphs.ts.
 *
 *   node scripts/onnx-graphs.mjs FOLDER     after a build: npm test, or node scripts/ready.mjs
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  accumulatorGraph,
  addSubGraph,
  identityGraph,
  perceptronGraph,
} from "../dist/testing/onnx-graphs.js";

const graphs = {
  accumulator: accumulatorGraph(),
  add_sub: addSubGraph(),
  identity: identityGraph("FP32"),
  identity_bytes: identityGraph("BYTES"),
  perceptron: perceptronGraph({ layers: 3, width: 1024 }),
};

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node scripts/onnx-graphs.mjs FOLDER");
  process.exitCode = 1;
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(graphs)) {
    const path = join(folder, `${name}.onnx`);
    writeFileSync(path, bytes);
    console.log(`${path}: ${bytes.byteLength.toLocaleString("en")} bytes`);
  }
}
