/**
 * Writes a small text encoder as an ONNX file: a transformer of two layers, whose weights are drawn
 * from a seed. It has never been trained; what it knows is which words two texts share. Everything
 * else is as in the ones that were.
 *
 *   ids, mask [rows, tokens] -> embedding [rows, 64], of length 1
 */
import { renameSync, writeFileSync } from "node:fs";
import protobuf from "protobufjs";

const width = 64;
const layerCount = 2;
const mostTokens = 512;

/** The part of ONNX's schema that such a graph needs. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Opset { int64 version = 2; }
  message Attribute { string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20; }
  message Node { repeated string input = 1; repeated string output = 2; string op_type = 4; repeated Attribute attribute = 5; }
  message Tensor { repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9; }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message Shape { repeated Dimension dim = 1; }
  message TensorType { int32 elem_type = 1; Shape shape = 2; }
  message Type { TensorType tensor_type = 1; }
  message Value { string name = 1; Type type = 2; }
  message Graph { repeated Node node = 1; string name = 2; repeated Tensor initializer = 5; repeated Value input = 11; repeated Value output = 12; }
  message Model { int64 ir_version = 1; Graph graph = 7; repeated Opset opset_import = 8; }
`);

const float = 1;
const int64 = 7;

export function writeEncoder(path, vocabularySize) {
  const graph = new GraphWriter();
  const { node, weights } = graph;

  const maskAsFloat = node("Cast", ["mask"], { to: float });
  // What is only padding gets no attention: a large negative score.
  const penalty = node("Mul", [
    node("Sub", [graph.constant(1), maskAsFloat]),
    graph.constant(-1e9),
  ]);
  const bias = node("Unsqueeze", [penalty, graph.integers(1)]);

  const tokens = node("Gather", [weights("words", [vocabularySize, width], 1), "ids"]);
  const count = node("Slice", [node("Shape", ["ids"]), graph.integers(1), graph.integers(2)]);
  const places = node("Slice", [
    graph.tensor([mostTokens, width], positions()),
    graph.integers(0),
    count,
  ]);
  let x = node("Add", [tokens, places]);

  for (let layer = 0; layer < layerCount; layer += 1) {
    const linear = (input, name, rows, columns) =>
      node("MatMul", [input, weights(`${name}${layer}`, [rows, columns], rows ** -0.5)]);
    const keys = node("Transpose", [linear(x, "keys", width, width)], { perm: [0, 2, 1] });
    const product = node("MatMul", [linear(x, "queries", width, width), keys]);
    const scores = node("Add", [node("Mul", [product, graph.constant(width ** -0.5)]), bias]);
    const attention = node("Softmax", [scores], { axis: -1 });
    const seen = node("MatMul", [attention, linear(x, "values", width, width)]);
    x = graph.normalised(node("Add", [x, linear(seen, "output", width, width)]), width);
    const hidden = node("Relu", [linear(x, "up", width, 4 * width)]);
    x = graph.normalised(node("Add", [x, linear(hidden, "down", 4 * width, width)]), width);
  }

  // The mean of all tokens that are no padding, of length 1.
  const weight = node("Unsqueeze", [maskAsFloat, graph.integers(2)]);
  const sum = node("ReduceSum", [node("Mul", [x, weight]), graph.integers(1)], { keepdims: 0 });
  const length = node("ReduceL2", [sum, graph.integers(1)], { keepdims: 1 });
  node("Div", [sum, length], {}, "embedding");

  const bytes = graph.bytes({
    inputs: [value("ids", int64, ["rows", "tokens"]), value("mask", int64, ["rows", "tokens"])],
    outputs: [value("embedding", float, ["rows", width])],
  });
  // Several threads may write it at a time: each sees all of it or nothing.
  const beside = `${path}.${process.pid}.${Math.random()}`;
  writeFileSync(beside, bytes);
  renameSync(beside, path);
}

class GraphWriter {
  #nodes = [];
  #tensors = [];
  #random = randomNumbers(1);

  /** Returns the name of its output. */
  node = (opType, input, attributes = {}, output = `n${this.#nodes.length}`) => {
    const attribute = Object.entries(attributes).map(([name, given]) => {
      return Array.isArray(given) ? { name, ints: given, type: 7 } : { name, i: given, type: 2 };
    });
    this.#nodes.push({ opType, input, output: [output], attribute });
    return output;
  };

  weights = (name, shape, scale) => {
    const values = Float32Array.from({ length: shape[0] * shape[1] }, () => scale * this.#random());
    return this.tensor(shape, values, name);
  };

  tensor(dims, values, name = `t${this.#tensors.length}`) {
    const dataType = values instanceof Float32Array ? float : int64;
    this.#tensors.push({ name, dims, dataType, rawData: new Uint8Array(values.buffer) });
    return name;
  }

  constant(number) {
    return this.tensor([], Float32Array.of(number));
  }

  integers(...numbers) {
    return this.tensor([numbers.length], BigInt64Array.from(numbers, BigInt));
  }

  normalised(input, size) {
    const ones = this.tensor([size], new Float32Array(size).fill(1));
    return this.node("LayerNormalization", [input, ones], { axis: -1 });
  }

  bytes({ inputs, outputs }) {
    const Model = root.lookupType("Model");
    const graph = { name: "encoder", node: this.#nodes, initializer: this.#tensors };
    const whole = { ...graph, input: inputs, output: outputs };
    return Model.encode({ irVersion: 9, graph: whole, opsetImport: [{ version: 18 }] }).finish();
  }
}

function value(name, elemType, shape) {
  const dim = shape.map((size) =>
    typeof size === "string" ? { dimParam: size } : { dimValue: size },
  );
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/** Sines and cosines: where in the text a token is. Small, beside what it is. */
function positions() {
  return Float32Array.from({ length: mostTokens * width }, (_, index) => {
    const angle = Math.floor(index / width) / 10_000 ** ((index % width) / width);
    return 0.1 * (index % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
  });
}

/** Numbers around 0, the same for the same seed. */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * Math.sqrt(3);
  };
}
