/**
 * Padding with one value: each output of the results grows to the largest of their shapes, past
 * the rows. What is new is the value; texts are empty.
 */
import { packBytes, unpackBytes } from "../../protocol/packed-bytes.ts";
import { elementCount } from "../../protocol/shape.ts";
import { typedArrays } from "../../protocol/typed-arrays.ts";
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
  const { datatype, as, shape, bytes, rows } = tensor;
  const target = [rows, ...dims];
  if (target.every((dimension, index) => dimension === shape[index])) return tensor;
  const grownTo = { datatype, as, shape: target, isOwn: true };
  if (!isNumeric(datatype)) {
    const elements = new Array<Uint8Array>(elementCount(target)).fill(new Uint8Array(0));
    place(unpackBytes(bytes), elements, shape, target);
    return new Tensor({ ...grownTo, bytes: packBytes(elements) });
  }
  const { buffer, byteOffset } = bytes;
  const values = new typedArrays[datatype](buffer, byteOffset, elementCount(shape));
  const padded = new typedArrays[datatype](elementCount(target)) as Float64Array;
  padded.fill(encodeElement(datatype, value) as number);
  place(values as Float64Array, padded, shape, target);
  return new Tensor({ ...grownTo, bytes: new Uint8Array(padded.buffer) });
}

interface Elements<Element> {
  readonly [index: number]: Element;
}

/** Copies run by run: a run is what lies along the last dimension. */
function place<Element>(
  from: Elements<Element>,
  to: { [index: number]: Element },
  shape: readonly number[],
  target: readonly number[],
): void {
  const length = shape.at(-1) ?? 1;
  const runs = elementCount(shape.slice(0, -1));
  for (let run = 0; run < runs; run += 1) {
    const start = placeOf(run, shape, target);
    for (let index = 0; index < length; index += 1) {
      to[start + index] = from[run * length + index] as Element;
    }
  }
}

/** Where this run of the smaller shape begins in the larger one. */
function placeOf(run: number, shape: readonly number[], target: readonly number[]): number {
  let left = run;
  let stride = target.at(-1) ?? 1;
  let place = 0;
  for (let axis = shape.length - 2; axis >= 0; axis -= 1) {
    const size = shape[axis] ?? 1;
    place += (left % size) * stride;
    left = Math.floor(left / size);
    stride *= target[axis] ?? 1;
  }
  return place;
}
