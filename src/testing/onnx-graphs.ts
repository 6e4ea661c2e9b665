/**
 * ONNX graphs for tests and demonstrations: model files made in TypeScript, so that no binary
 * file lies in the repository.
 *
 * `onnxGraph` takes nodes, inputs and outputs and gives the bytes of a model file. The schema
 * holds just the fields that it writes, with their numbers in the ONNX format.
 *
 * Needs protobufjs, a development dependency: the published package goes without this file.
 */
import protobuf from "protobufjs";

const schema = `
  syntax = "proto3";
  message ModelProto {
    int64 ir_version = 1; string producer_name = 2; GraphProto graph = 7;
    repeated OperatorSetIdProto opset_import = 8;
  }
  message OperatorSetIdProto { string domain = 1; int64 version = 2; }
  message GraphProto {
    repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
    repeated ValueInfoProto input = 11; repeated ValueInfoProto output = 12;
  }
  message NodeProto {
    repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4;
    repeated AttributeProto attribute = 5;
  }
  message AttributeProto {
    string name = 1; float f = 2; int64 i = 3; repeated int64 ints = 8; int32 type = 20;
  }
  message TensorProto {
    repeated int64 dims = 1; int32 data_type = 2; string name = 8; bytes raw_data = 9;
    repeated StringStringEntryProto external_data = 13; int32 data_location = 14;
  }
  message StringStringEntryProto { string key = 1; string value = 2; }
  message ValueInfoProto { string name = 1; TypeProto type = 2; }
  message TypeProto {
    message Tensor { int32 elem_type = 1; TensorShapeProto shape = 2; }
    message Sequence { TypeProto elem_type = 1; }
    oneof value { Tensor tensor_type = 1; Sequence sequence_type = 4; }
  }
  message TensorShapeProto {
    message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
    repeated Dimension dim = 1;
  }
`;

const modelProto = protobuf.parse(schema).root.lookupType("ModelProto");

/** Element types by the protocol's names, with their numbers in the ONNX format. */
const onnxElementTypes = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
  COMPLEX64: 14,
  BF16: 16,
  INT4: 22,
} as const;

export type OnnxElementType = keyof typeof onnxElementTypes;

/** A number is a fixed dimension, a string a named one, "" one without a name. */
export type OnnxDimension = number | string;

interface OnnxValue {
  readonly name: string;
  readonly type: OnnxElementType;
  readonly shape: readonly OnnxDimension[];
  /** The value is a sequence of such tensors. */
  readonly isSequence?: boolean;
}

interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Numbers are written as integers, lists as lists of integers. */
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}

interface OnnxConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
  /** The values lie in this file, beside that of the graph. */
  readonly file?: string;
}

export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  readonly constants?: readonly OnnxConstant[];
}

/** The bytes of a model file. */
export function onnxGraph(graph: OnnxGraph): Uint8Array {
  const message = modelProto.create({
    irVersion: 10,
    producerName: "shoal",
    opsetImport: [{ domain: "", version: 21 }],
    graph: {
      name: "graph",
      node: graph.nodes.map(nodeMessage),
      input: graph.inputs.map(valueMessage),
      output: graph.outputs.map(valueMessage),
      initializer: (graph.constants ?? []).map(constantMessage),
    },
  });
  return modelProto.encode(message).finish();
}

/** `y` is `x`. */
export function identityGraph(
  type: OnnxElementType,
  shape: readonly OnnxDimension[] = ["rows", "columns"],
): Uint8Array {
  return onnxGraph({
    inputs: [{ name: "x", type, shape }],
    outputs: [{ name: "y", type, shape }],
    nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
  });
}

/** `sum` is `a + b`, and `difference` is `a - b`. */
export function addSubGraph(shape: readonly OnnxDimension[] = ["rows", 16]): Uint8Array {
  const value = (name: string): OnnxValue => ({ name, type: "FP32", shape });
  return onnxGraph({
    inputs: [value("a"), value("b")],
    outputs: [value("sum"), value("difference")],
    nodes: [
      { op: "Add", inputs: ["a", "b"], outputs: ["sum"] },
      { op: "Sub", inputs: ["a", "b"], outputs: ["difference"] },
    ],
  });
}

/** A classifier whose `scores` of four classes are its `pixels`. */
export function classifierGraph(): Uint8Array {
  const shape = ["rows", 4];
  return onnxGraph({
    inputs: [{ name: "pixels", type: "FP32", shape }],
    outputs: [{ name: "scores", type: "FP32", shape }],
    nodes: [{ op: "Identity", inputs: ["pixels"], outputs: ["scores"] }],
  });
}

/** A running sum whose state the caller carries: `stateOut` is `state + x`, and so is `total`. */
export function accumulatorGraph(shape: readonly OnnxDimension[] = ["rows", 1]): Uint8Array {
  const value = (name: string): OnnxValue => ({ name, type: "FP32", shape });
  return onnxGraph({
    inputs: [value("x"), value("state")],
    outputs: [value("total"), value("stateOut")],
    nodes: [
      { op: "Add", inputs: ["state", "x"], outputs: ["stateOut"] },
      { op: "Identity", inputs: ["stateOut"], outputs: ["total"] },
    ],
  });
}

/** `y` is `x` plus weights that lie in a file of their own, FP32. */
export function externalAddGraph(file: string, width: number): Uint8Array {
  const value = (name: string): OnnxValue => ({ name, type: "FP32", shape: ["rows", width] });
  const values = new Float32Array(width);
  return onnxGraph({
    inputs: [value("x")],
    outputs: [value("y")],
    nodes: [{ op: "Add", inputs: ["x", "weights"], outputs: ["y"] }],
    constants: [{ name: "weights", shape: [width], values, file }],
  });
}

export interface PerceptronOptions {
  readonly layers: number;
  readonly width: number;
}

/**
 * `layers` times: multiply by a square matrix, then cut off what is negative. 3 x 1024 is 12.6 MB
 * of weights, and the honest show case for batching: a batch reads them once for all its rows.
 */
export function perceptronGraph({ layers, width }: PerceptronOptions): Uint8Array {
  const indices = Array.from({ length: layers }, (_, index) => index);
  return onnxGraph({
    inputs: [{ name: "x", type: "FP32", shape: ["rows", width] }],
    outputs: [{ name: `y${layers}`, type: "FP32", shape: ["rows", width] }],
    nodes: indices.flatMap((layer) => [
      {
        op: "MatMul",
        inputs: [layer === 0 ? "x" : `y${layer}`, `weights${layer}`],
        outputs: [`product${layer}`],
      },
      { op: "Relu", inputs: [`product${layer}`], outputs: [`y${layer + 1}`] },
    ]),
    constants: indices.map((layer) => ({
      name: `weights${layer}`,
      shape: [width, width],
      values: perceptronWeights(layer, width),
    })),
  });
}

/** Row by row; small, of both signs, and the same on every machine. */
export function perceptronWeights(layer: number, width: number): Float32Array {
  const weights = new Float32Array(width * width);
  let state = layer + 1;
  for (let index = 0; index < weights.length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    weights[index] = (state / 2 ** 32 - 0.5) / Math.sqrt(width);
  }
  return weights;
}

function nodeMessage(node: OnnxNode): object {
  const attribute = Object.entries(node.attributes ?? {}).map(([name, value]) =>
    typeof value === "number" ? { name, type: 2, i: value } : { name, type: 7, ints: value },
  );
  return { input: node.inputs, output: node.outputs, opType: node.op, attribute };
}

function valueMessage({ name, type, shape, isSequence }: OnnxValue): object {
  const dim = shape.map((dimension) => {
    if (typeof dimension === "number") return { dimValue: dimension };
    return dimension === "" ? {} : { dimParam: dimension };
  });
  const tensor = { tensorType: { elemType: onnxElementTypes[type], shape: { dim } } };
  return { name, type: isSequence ? { sequenceType: { elemType: tensor } } : tensor };
}

function constantMessage({ name, shape, values, file }: OnnxConstant): object {
  const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const dataType = values instanceof Float32Array ? onnxElementTypes.FP32 : onnxElementTypes.INT64;
  if (file === undefined) return { name, dims: shape, dataType, rawData };
  const places = { location: file, offset: "0", length: String(values.byteLength) };
  const externalData = Object.entries(places).map(([key, value]) => ({ key, value }));
  return { name, dims: shape, dataType, externalData, dataLocation: 1 };
}
