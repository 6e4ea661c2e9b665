/**
 * Tensors of a batch as onnxruntime's, and back: views in both directions, no copy. Only BYTES is
 * rewritten: onnxruntime wants JavaScript strings, so elements must be UTF-8.
 *
 * A tensor that the graph has with one dimension less than it is declared (see
 * onnx-description.ts) loses its last dimension, a 1, on the way in, and gets it on the way out.
 *
 * Memory of outputs is onnxruntime's, fresh for each run: ours to give away.
 */
import type { Tensor } from "onnxruntime-node";
import { packElements } from "../definition/packed-elements.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { unpackBytes } from "../protocol/packed-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import type { TensorDescription } from "./backend.ts";
import type { OnnxRuntime } from "./onnx-runtime.ts";

type NumberView = (buffer: ArrayBuffer, offset: number, length: number) => Tensor.DataType;

interface NumericType {
  readonly type: Tensor.Type;
  readonly byteSize: number;
  readonly view: NumberView;
}

/** BF16 is not here: onnxruntime-node does not load a model that has it. */
const numericTypes: Readonly<Record<Exclude<Datatype, "BYTES" | "BF16">, NumericType>> = {
  BOOL: { type: "bool", byteSize: 1, view: (...at) => new Uint8Array(...at) },
  UINT8: { type: "uint8", byteSize: 1, view: (...at) => new Uint8Array(...at) },
  UINT16: { type: "uint16", byteSize: 2, view: (...at) => new Uint16Array(...at) },
  UINT32: { type: "uint32", byteSize: 4, view: (...at) => new Uint32Array(...at) },
  UINT64: { type: "uint64", byteSize: 8, view: (...at) => new BigUint64Array(...at) },
  INT8: { type: "int8", byteSize: 1, view: (...at) => new Int8Array(...at) },
  INT16: { type: "int16", byteSize: 2, view: (...at) => new Int16Array(...at) },
  INT32: { type: "int32", byteSize: 4, view: (...at) => new Int32Array(...at) },
  INT64: { type: "int64", byteSize: 8, view: (...at) => new BigInt64Array(...at) },
  FP16: { type: "float16", byteSize: 2, view: (...at) => new Uint16Array(...at) },
  FP32: { type: "float32", byteSize: 4, view: (...at) => new Float32Array(...at) },
  FP64: { type: "float64", byteSize: 8, view: (...at) => new Float64Array(...at) },
};

export function toOnnxTensor(
  runtime: OnnxRuntime,
  { datatype, shape }: WireTensor,
  bytes: Uint8Array,
  { name, shape: graphShape }: TensorDescription,
): Tensor {
  const hasSurplusOne = shape.length === graphShape.length + 1 && shape.at(-1) === 1;
  const dims = hasSurplusOne ? shape.slice(0, -1) : [...shape];
  if (datatype === "BYTES") return new runtime.Tensor("string", readStrings(name, bytes), dims);
  if (datatype === "BF16") {
    throw new InferenceError("INVALID_ARGUMENT", `input '${name}': onnxruntime has no BF16`);
  }
  const { type, byteSize, view } = numericTypes[datatype];
  // The batch's memory is never shared memory, which onnxruntime would refuse.
  const data = view(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / byteSize);
  // The constructor's signatures tie each type to its array one by one; the table does, too.
  return new runtime.Tensor(type as "float32", data as Float32Array, dims);
}

export function fromOnnxTensor(
  tensor: Tensor,
  { name, datatype, shape: graphShape }: TensorDescription,
  batches: boolean,
): WireTensor {
  const lacksDimension = graphShape.length === (batches ? 1 : 0);
  const isAsInGraph = tensor.dims.length === graphShape.length;
  const shape = lacksDimension && isAsInGraph ? [...tensor.dims, 1] : tensor.dims;
  return wireTensor({ name, datatype, shape }, bytesOf(tensor.data));
}

function bytesOf(data: Tensor.DataType): Uint8Array<ArrayBuffer> {
  if (Array.isArray(data)) return packElements(data as readonly string[]);
  const { buffer, byteOffset, byteLength } = data as Float32Array<ArrayBuffer>;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function readStrings(inputName: string, bytes: Uint8Array): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return unpackBytes(bytes).map((element, index) => {
    try {
      return decoder.decode(element);
    } catch (error) {
      const why = `element ${index} of input '${inputName}' is not UTF-8, and the model`;
      const needs = "takes texts; send other bytes as UINT8 or encode them";
      throw new InferenceError("INVALID_ARGUMENT", `${why} ${needs}`, { cause: error });
    }
  });
}
