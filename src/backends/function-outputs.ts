/**
 * What a model's function returned, as tensors of a batch: names, forms and datatypes checked,
 * shapes of flat arrays filled in. Nothing is cast: what does not fit is an error that says what
 * was expected and what came.
 *
 * Memory that somebody else may hold is copied, and counted: the model's own typed arrays, and
 * views of tensors. A tensor that was made here is given away, and says so when it is read again.
 *
 * Not here: whether rows and shapes are those of the batch (executor/split-outputs.ts).
 */
import { isNumeric, isWideAsNumber, numbersToWide } from "../definition/element-arrays.ts";
import { flattenNested } from "../definition/nested-values.ts";
import { packElements } from "../definition/packed-elements.ts";
import type { TensorSpec, TensorSpecs } from "../definition/specifications.ts";
import { giveAway, Tensor } from "../definition/tensor.ts";
import { InferenceError } from "../protocol/errors.ts";
import { formatShape } from "../protocol/shape.ts";
import { type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
import type { BackendResult, BatchTensor } from "./backend.ts";

export interface OutputPlan {
  readonly modelName: string;
  readonly specs: TensorSpecs;
  /** Undefined: the model does not batch. */
  readonly rows: number | undefined;
}

/** Throws INTERNAL, naming the model and the output. */
export function outputTensors(plan: OutputPlan, returned: unknown): BackendResult {
  const { modelName, specs } = plan;
  if (typeof returned !== "object" || returned === null || Array.isArray(returned)) {
    const got = returned === null ? "null" : Array.isArray(returned) ? "an array" : typeof returned;
    throw wrong(modelName, `infer must return an object of outputs; got ${got}`);
  }
  const values = returned as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(specs, name)) {
      throw wrong(modelName, `infer returned '${name}', which is no output of it`);
    }
  }
  const outputs: BatchTensor[] = [];
  let copiedBytes = 0;
  for (const [name, spec] of Object.entries(specs)) {
    const value = values[name];
    if (value === undefined) throw wrong(modelName, `infer did not return output '${name}'`);
    const output = toOutput({ ...plan, name, spec }, value);
    outputs.push(output.tensor);
    copiedBytes += output.copiedBytes;
  }
  return { outputs, copiedBytes };
}

interface NamedPlan extends OutputPlan {
  readonly name: string;
  readonly spec: TensorSpec;
}

interface Output {
  readonly tensor: BatchTensor;
  readonly copiedBytes: number;
}

function toOutput(plan: NamedPlan, value: unknown): Output {
  if (value instanceof Tensor) return fromTensor(plan, value as Tensor);
  if (ArrayBuffer.isView(value)) return fromTypedArray(plan, value as TypedArray);
  if (Array.isArray(value)) return fromNested(plan, value);
  const got = value === null ? "null" : typeof value;
  throw mismatch(plan, "a tensor, a typed array or nested arrays", got);
}

function fromTensor(plan: NamedPlan, tensor: Tensor): Output {
  const { name, spec, modelName } = plan;
  const { datatype, shape } = tensor;
  if (datatype !== spec.datatype) throw mismatch(plan, spec.datatype, datatype);
  try {
    const { bytes, isOwn } = giveAway(tensor);
    return {
      tensor: { name, datatype, shape, bytes: isOwn ? bytes : bytes.slice() },
      copiedBytes: isOwn ? 0 : bytes.byteLength,
    };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw wrong(modelName, `output '${name}': ${error.message}`);
  }
}

function fromTypedArray(plan: NamedPlan, array: TypedArray): Output {
  const { name, spec, modelName } = plan;
  const { datatype } = spec;
  if (!isNumeric(datatype)) {
    throw mismatch(plan, "nested arrays of texts or bytes", array.constructor.name);
  }
  const shape = shapeOf(plan, array.length);
  if (array instanceof typedArrays[datatype]) {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice();
    return { tensor: { name, datatype, shape, bytes }, copiedBytes: bytes.byteLength };
  }
  if (isWideAsNumber(datatype, spec.as) && array instanceof Float64Array) {
    try {
      const wide = numbersToWide(datatype as "INT64", array);
      return { tensor: { name, datatype, shape, bytes: bytesOf(wide) }, copiedBytes: 0 };
    } catch (error) {
      throw wrong(modelName, `output '${name}': ${(error as Error).message}`);
    }
  }
  throw mismatch(plan, `a ${typedArrays[datatype].name}`, `a ${array.constructor.name}`);
}

function fromNested(plan: NamedPlan, nested: readonly unknown[]): Output {
  const { name, spec, modelName } = plan;
  const { datatype } = spec;
  try {
    const { shape, values } = flattenNested(datatype, nested);
    const bytes = ArrayBuffer.isView(values) ? bytesOf(values) : packElements(values);
    const isFlat = shape.length === 1 && spec.dims.length + (plan.rows === undefined ? 0 : 1) > 1;
    const whole = isFlat ? shapeOf(plan, values.length) : shape;
    return { tensor: { name, datatype, shape: whole, bytes }, copiedBytes: 0 };
  } catch (error) {
    if (error instanceof InferenceError) throw error;
    throw wrong(modelName, `output '${name}': ${(error as Error).message}`);
  }
}

/** Of a flat array: that of the specification, whose one free dimension takes what is there. */
function shapeOf(plan: NamedPlan, count: number): readonly number[] {
  const { rows, spec } = plan;
  const dims = rows === undefined ? spec.dims : [rows, ...spec.dims];
  const free = dims.filter((dimension) => dimension === -1).length;
  if (free > 1) {
    const expected = `a tensor with its shape, as ${formatShape(dims)} has ${free} free dimensions`;
    throw mismatch(plan, expected, "a flat array");
  }
  const fixed = dims.reduce((size, dimension) => (dimension === -1 ? size : size * dimension), 1);
  const rest = fixed === 0 ? 0 : count / fixed;
  if (!Number.isInteger(rest) || (free === 0 && count !== fixed)) {
    const expected = `elements of shape ${formatShape(dims)}`;
    throw mismatch(plan, expected, `${count} elements`);
  }
  return dims.map((dimension) => (dimension === -1 ? rest : dimension));
}

function bytesOf({ buffer, byteOffset, byteLength }: TypedArray): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function mismatch({ modelName, name }: NamedPlan, expected: string, got: string): InferenceError {
  return wrong(modelName, `output '${name}' must be ${expected}; got ${got}`);
}

function wrong(modelName: string, why: string): InferenceError {
  return new InferenceError("INTERNAL", `model '${modelName}': ${why}`, { reason: "BACKEND" });
}
