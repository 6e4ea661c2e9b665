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
import { isOrtDatatype, ortTypes } from "../definition/ort-types.ts";
import { datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { packBytes, unpackBytes } from "../protocol/packed-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import type { TensorDescription } from "./backend.ts";
import type { OnnxRuntime } from "./onnx-runtime.ts";

export function toOnnxTensor(
  runtime: OnnxRuntime,
  { datatype, shape }: WireTensor,
  bytes: Uint8Array,
  { name, shape: graphShape }: TensorDescription,
): Tensor {
  const hasSurplusOne = shape.length === graphShape.length + 1 && shape.at(-1) === 1;
  const dims = hasSurplusOne ? shape.slice(0, -1) : [...shape];
  if (datatype === "BYTES") return new runtime.Tensor("string", readStrings(name, bytes), dims);
  if (!isOrtDatatype(datatype)) {
    throw new InferenceError("INVALID_ARGUMENT", `input '${name}': onnxruntime has no BF16`);
  }
  const length = bytes.byteLength / datatypes[datatype].byteSize;
  // The batch's memory is never shared memory, which onnxruntime would refuse.
  const data = new typedArrays[datatype](bytes.buffer, bytes.byteOffset, length);
  return new runtime.Tensor(ortTypes[datatype], data, dims);
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
  if (Array.isArray(data)) return packBytes(data as readonly string[]);
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
