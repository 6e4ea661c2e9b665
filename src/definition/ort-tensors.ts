/**
 * Tensors as onnxruntime's, and back, for a model that calls onnxruntime in its own function:
 * views of the same memory in both directions. Only BYTES is rewritten, because onnxruntime has
 * JavaScript strings, and 64-bit integers that are kept as numbers.
 *
 * Whose memory it is, when the model returns it:
 *   - what onnxruntime returned is fresh for each run: it is given away, not copied;
 *   - what it was given from here belongs to a tensor already, and what does not fill its buffer
 *     to a pool: it is copied;
 *   - an array that the model keeps looks like the first: `isShared` says that it is not.
 *
 * onnxruntime is described here, not imported: whoever calls neither function does not need it,
 * nor its types.
 *
 * Not here: models that are ONNX files (backends/onnx-tensors.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import type { TypedArray } from "../protocol/typed-arrays.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import { isWideAsNumber } from "./element-arrays.ts";
import type { HalfFloats } from "./half-floats.ts";
import { datatypeOfOrtType, isOrtDatatype, type OrtType, ortTypes } from "./ort-types.ts";
import {
  type DefaultForm,
  defaultForm,
  type ElementForm,
  type TensorSpec,
} from "./specifications.ts";
import { Tensor } from "./tensor.ts";

/** A tensor of onnxruntime's, as far as it matters. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly location: string;
  /** Throws if it is not in memory. */
  readonly data: TypedArray | HalfFloats | readonly string[];
}

/** Of the module `onnxruntime-node`, or another one with the same tensors. */
export interface OrtRuntime<T extends OrtTensor> {
  readonly Tensor: new (
    type: OrtType,
    data: TypedArray | readonly string[],
    dims: readonly number[],
  ) => T;
}

export interface FromOrtOptions {
  /** Somebody goes on using its memory: then it is copied when the model returns it. */
  readonly isShared?: boolean;
}

/** Memory that tensors of onnxruntime have from tensors of ours. */
const handedOver = new WeakSet<ArrayBufferLike>();

/** A view: what one changes, the other has. */
export function toOrtTensor<D extends Datatype, As extends ElementForm, T extends OrtTensor>(
  tensor: Tensor<D, As>,
  ort: OrtRuntime<T>,
): T {
  const { datatype, as, shape } = tensor as Tensor<Datatype, ElementForm>;
  if (!isOrtDatatype(datatype)) {
    throw new TypeError(`toOrtTensor: onnxruntime has no ${datatype}: make an FP32 of it`);
  }
  const type = ortTypes[datatype];
  if (datatype === "BYTES") {
    const isText = as !== "bytes";
    const read = isText
      ? tensor
      : new Tensor({ datatype, shape, as: "string", bytes: tensor.bytes });
    const texts = read.data as string[];
    return new ort.Tensor(type, texts, [...shape]);
  }
  const { buffer, byteOffset } = tensor.bytes;
  if (!isWideAsNumber(datatype, as)) handedOver.add(buffer);
  const data = new typedArrays[datatype](buffer, byteOffset, tensor.size);
  const made = new ort.Tensor(type, data, [...shape]);
  // Where there is a Float16Array it made one, which its native part does not know.
  if (datatype === "FP16") Object.defineProperty(made, "data", { value: data });
  return made;
}

/** A view, of the datatype or the specification that it is expected to have. */
export function fromOrtTensor<D extends Datatype, As extends ElementForm = DefaultForm<D>>(
  ortTensor: OrtTensor,
  type: D | TensorSpec<D, As>,
  { isShared = false }: FromOrtOptions = {},
): Tensor<D, As> {
  const datatype: D = typeof type === "string" ? type : type.datatype;
  const as = typeof type === "string" ? (defaultForm(datatype) as ElementForm as As) : type.as;
  checkOrtTensor(ortTensor, datatype);
  const shape = [...ortTensor.dims];
  const { data } = ortTensor;
  if (!ArrayBuffer.isView(data)) {
    return new Tensor({ datatype, shape, as, bytes: packBytes(data), isOwn: true });
  }
  const { buffer, byteOffset, byteLength } = data;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const isOwn = !isShared && !handedOver.has(buffer) && byteLength === buffer.byteLength;
  return new Tensor({ datatype, shape, as, bytes, isOwn });
}

function checkOrtTensor({ type, location }: OrtTensor, expected: Datatype): void {
  if (location !== "cpu") {
    const remedy = "get it into memory with await getData() first";
    const got = location === "none" ? "that is disposed" : `in ${location}: ${remedy}`;
    throw new TypeError(`fromOrtTensor: expected a tensor in memory; got one ${got}`);
  }
  const actual = datatypeOfOrtType(type);
  if (actual === expected) return;
  throw new TypeError(`fromOrtTensor: expected ${expected}; got ${actual ?? type}`);
}
