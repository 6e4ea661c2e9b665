/**
 * Inputs as people write them, in the wire's layout; checked against what the server says of the
 * model, before anything is sent.
 *
 * A tensor says what it is; nested arrays have a shape; a flat typed array may have one free
 * dimension. An input of BYTES, or of one element, may be that element.
 */
import { PlainTensor } from "../definition/plain-tensor.ts";
import { writtenValues } from "../definition/written-values.ts";
import { isFields } from "../protocol/fields.ts";
import { formatShape } from "../protocol/shape.ts";
import { invalid } from "./client-error.ts";
import type { WireInput } from "./connection.ts";
import type { KnownTensor, ModelShape } from "./model-shape.ts";
import type { SharedTensor } from "./shared-tensor.ts";

export type GivenInputs = Readonly<Record<string, unknown>>;

/** `sample`: without the batch dimension, which is added. `batch`: the model must have one. */
export type Form = "whole" | "sample" | "batch";

export interface GivenFor {
  readonly modelName: string;
  readonly shape: ModelShape;
  readonly form: Form;
}

export function toWireInputs(target: GivenFor, given: GivenInputs): readonly WireInput[] {
  const { modelName, shape, form } = target;
  if (form === "batch" && !shape.isBatching) {
    throw invalid(`model '${modelName}' does not batch: use infer or inferSample`);
  }
  if (!isFields(given)) {
    throw invalid(`model '${modelName}': inputs must be an object of values by name`);
  }
  const names = shape.inputs.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (!names.includes(name))
      throw invalid(`model '${modelName}' has no input '${name}': it has ${names.join(", ")}`);
  }
  return shape.inputs.flatMap((input) => {
    const value = given[input.name];
    if (value !== undefined) return [toWireInput(target, input, value)];
    if (input.isOptional) return [];
    throw invalid(`model '${modelName}': input '${input.name}' is missing`);
  });
}

function toWireInput({ modelName, shape, form }: GivenFor, input: KnownTensor, value: unknown) {
  const { name, datatype } = input;
  const isSample = form === "sample" && shape.isBatching;
  const dims = isSample ? input.dims.slice(1) : input.dims;
  const wrong = (why: string) => invalid(`model '${modelName}': input '${name}' ${why}`);
  const { shape: own, bytes, shared } = writtenValue({ datatype, dims }, value, wrong);
  const fits =
    own.length === dims.length &&
    dims.every((dimension, index) => dimension === -1 || dimension === own[index]);
  if (!fits) throw wrong(`must be of shape ${formatShape(dims)}; got ${formatShape(own)}`);
  const whole = isSample ? [1, ...own] : own;
  return { name, datatype, shape: whole, bytes, ...(shared && { shared }) };
}

function writtenValue(
  { datatype, dims }: Pick<KnownTensor, "datatype" | "dims">,
  value: unknown,
  wrong: (why: string) => Error,
): Pick<SharedTensor, "shape" | "bytes"> & Partial<Pick<SharedTensor, "shared">> {
  if (value instanceof PlainTensor) {
    if (value.datatype === datatype) return value;
    throw wrong(`must be ${datatype}; got ${value.datatype}`);
  }
  try {
    const isElement =
      typeof value !== "object" || (datatype === "BYTES" && value instanceof Uint8Array);
    return writtenValues({ datatype, as: "number", dims }, isElement ? [value] : value);
  } catch (error) {
    if (error instanceof TypeError) throw wrong(error.message);
    throw error;
  }
}
