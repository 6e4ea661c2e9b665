/**
 * Padding with one value: each output of the results grows to the largest of their shapes, past
 * the rows. What is new is the value; texts are empty.
 */
import { encodeElement, isNumeric } from "../element-arrays.ts";
import type { AnyTensor, DeclaredModel, Tensors } from "../infer-forms.ts";
import { Tensor } from "../tensor.ts";
import type { Pad } from "./join-parts.ts";

export type PadValue = number | bigint | boolean;

/** For the option `pad` of helpers. */
export interface ConstantPad extends Pad {
  (results: readonly Tensors[]): readonly Tensors[];
  readonly value: PadValue;
}

export function padWith(value: PadValue = 0): ConstantPad {
  if (!["number", "bigint", "boolean"].includes(typeof value)) {
    const expected = "a number, a bigint or a boolean; texts are padded with empty ones";
    throw new TypeError(`padWith(): the value must be ${expected}`);
  }
  const pad = (results: readonly Tensors[]): readonly Tensors[] => {
    const largest = new Map<string, readonly number[]>();
    for (const result of results) {
      for (const [name, { shape }] of Object.entries(result)) {
        largest.set(name, largerOf(shape.slice(1), largest.get(name)));
      }
    }
    return results.map((result) => {
      const padded: Record<string, AnyTensor> = {};
      for (const [name, tensor] of Object.entries(result)) {
        padded[name] = grown(tensor, largest.get(name) ?? [], value);
      }
      return padded;
    });
  };
  return Object.assign(pad, { value });
}

/** Of padWith: outputs of any size whose datatype does not have the value. */
export function findPadMistakes(
  helper: string,
  pad: Pad,
  { outputs }: DeclaredModel,
): readonly string[] {
  if (!isConstant(pad)) return [];
  return Object.entries(outputs).flatMap(([name, { datatype, dims }]) => {
    if (!dims.includes(-1) || !isNumeric(datatype)) return [];
    try {
      encodeElement(datatype, pad.value);
      return [];
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return [`${helper}: output '${name}' cannot be padded: ${why}`];
    }
  });
}

function isConstant(pad: Pad): pad is ConstantPad {
  return "value" in pad;
}

function largerOf(one: readonly number[], other: readonly number[] = one): readonly number[] {
  return one.map((dimension, index) => Math.max(dimension, other[index] ?? 0));
}

function grown(tensor: AnyTensor, dims: readonly number[], value: PadValue): AnyTensor {
  const { datatype, as, shape, rows } = tensor;
  const target = [rows, ...dims];
  if (target.every((dimension, index) => dimension === shape[index])) return tensor;
  if (isNumeric(datatype)) return tensor.pad(target, value);
  // Whatever their form, they need not be texts.
  const { bytes } = new Tensor({ datatype, as: "bytes", shape, bytes: tensor.bytes }).pad(target);
  return new Tensor({ datatype, as, shape: target, bytes, isOwn: true });
}
