/**
 * What becomes of the values of tensors: new storage, joined along an axis, padded, mapped. Shapes
 * and storage in, shapes and storage out; each mistake is a TypeError that says what was expected
 * and what came.
 *
 * Storage lies row by row, so that what follows an axis is one piece: joining and padding move
 * pieces, not elements.
 *
 * Not here: whose memory it is, and whether it is still there (tensor.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { elementCount, formatShape, isShape, isSize } from "../protocol/shape.ts";
import { show } from "../protocol/show.ts";
import { type NumericDatatype, type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
import { decodeElement, encodeElement, isNumeric, isWideAsNumber } from "./element-arrays.ts";
import type { ElementForm } from "./specifications.ts";

export type Values = TypedArray | readonly (string | Uint8Array)[];

interface ElementType {
  readonly datatype: Datatype;
  readonly as: ElementForm;
}

/** A tensor that can be read. */
export interface Readable extends ElementType {
  readonly shape: readonly number[];
  readonly data: Values;
}

export interface Shaped {
  readonly shape: readonly number[];
  readonly values: Values;
}

/** Of so many elements: zeros, false, or empty. */
function emptyValues({ datatype, as }: ElementType, count: number): Values {
  if (isNumeric(datatype)) {
    return new (isWideAsNumber(datatype, as) ? Float64Array : typedArrays[datatype])(count);
  }
  return Array.from({ length: count }, () => (as === "bytes" ? new Uint8Array(0) : ""));
}

/** What `Tensor.from` is given beside so many elements. */
export function checkShapeOf(count: number, shape: readonly number[]): void {
  if (isShape(shape) && elementCount(shape) === count) return;
  throw new TypeError(`Tensor.from: ${count} elements are not of shape ${formatShape(shape)}`);
}

export function zeros(type: ElementType, shape: readonly number[]): Values {
  if (isShape(shape)) return emptyValues(type, elementCount(shape));
  throw new TypeError(`Tensor.zeros: expected a shape of integers from 0; got ${show(shape)}`);
}

type Transform = (element: unknown, index: number) => unknown;

export function mapped({ datatype, as, data }: Readable, transform: Transform): Values {
  if (!isNumeric(datatype)) return mapTexts(data as readonly string[], transform, as);
  const isPlain = datatype === "FP32" || datatype === "FP64" || isWideAsNumber(datatype, as);
  const mapNumbers = isPlain ? mapPlain : mapCoded;
  return mapNumbers(datatype, data as Float64Array, transform);
}

function mapTexts(from: readonly unknown[], transform: Transform, as: ElementForm): Values {
  return Array.from(from, (element, index) => {
    const text = transform(element, index);
    checkForm("map", text, as);
    return text as string;
  });
}

function mapPlain(
  _datatype: NumericDatatype,
  from: Float64Array,
  transform: Transform,
): Float64Array {
  const to = new (from.constructor as Float64ArrayConstructor)(from.length);
  for (let index = 0; index < from.length; index += 1) {
    to[index] = transform(from[index], index) as number;
  }
  return to;
}

/** Through element encoding: a result that the datatype does not have is an error, not wrapped. */
function mapCoded(datatype: NumericDatatype, from: Float64Array, transform: Transform): TypedArray {
  const to = new typedArrays[datatype](from.length) as Float64Array;
  for (let index = 0; index < from.length; index += 1) {
    const element = decodeElement(datatype, from[index]);
    to[index] = encodeElement(datatype, transform(element, index)) as number;
  }
  return to;
}

/** One behind another along an axis. Tensors of one kind, whose other dimensions are equal. */
export function concatenated(tensors: readonly Readable[], axis: number): Shaped {
  const what = "Tensor.concatenate";
  const first = checkAlike(what, tensors, ({ shape }, index, { shape: firstShape }) => {
    if (axis in firstShape && fits(shape, firstShape, axis)) return;
    if (!(axis in firstShape)) throw noAxis(what, axis, firstShape);
    const wanted = formatShape(firstShape.with(axis, -1));
    const got = `${formatShape(shape)} at index ${index}`;
    throw new TypeError(`${what}: expected tensors of shape ${wanted}; got ${got}`);
  });
  const length = tensors.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  return joined(tensors, first.shape.with(axis, length), axis);
}

/** Side by side along an axis of their own. Tensors of one kind and shape. */
export function stacked(tensors: readonly Readable[], axis: number): Shaped {
  const what = "Tensor.stack";
  const { shape } = checkAlike(what, tensors, ({ shape: other }, index, { shape: wanted }) => {
    if (formatShape(other) === formatShape(wanted)) return;
    const got = `${formatShape(other)} at index ${index}`;
    throw new TypeError(`${what}: expected tensors of shape ${formatShape(wanted)}; got ${got}`);
  });
  const isThere = Number.isInteger(axis) && axis >= 0 && axis <= shape.length;
  if (!isThere) throw noAxis(what, axis, [...shape, 1]);
  return joined(tensors, shape.toSpliced(axis, 0, tensors.length), axis);
}

/** To a shape, with a value behind the elements of each axis; -1: that axis stays as it is. */
export function padded(tensor: Readable, sizes: readonly number[], value: unknown): Shaped {
  const { shape, data } = tensor;
  const to = paddedShape(shape, sizes);
  const values = emptyValues(tensor, elementCount(to)) as Float64Array;
  if (value !== undefined) values.fill(storedAs(tensor, value) as number);
  // What follows the last axis that grows is one piece.
  const last = Math.max(
    0,
    to.findLastIndex((size, axis) => size !== shape[axis]),
  );
  const copyAxis = (axis: number, from: number, at: number): void => {
    if (axis === last) {
      copyPiece(data, { from, to: from + elementCount(shape.slice(axis)) }, values, at);
      return;
    }
    const step = elementCount(shape.slice(axis + 1));
    const stepTo = elementCount(to.slice(axis + 1));
    for (let index = 0; index < (shape[axis] ?? 0); index += 1) {
      copyAxis(axis + 1, from + index * step, at + index * stepTo);
    }
  };
  copyAxis(0, 0, 0);
  return { shape: to, values };
}

/** Of as many elements; one dimension may be -1, which is then whatever is left. */
export function reshapedTo(shape: readonly number[], asked: readonly number[]): readonly number[] {
  const count = elementCount(shape);
  const free = asked.indexOf(-1);
  const fixed = elementCount(asked.filter((_, axis) => axis !== free));
  const to = free === -1 ? asked : asked.with(free, count / fixed);
  if (isShape(to) && elementCount(to) === count) return to;
  const wanted = `a shape of ${count} elements, or with one dimension -1`;
  throw new TypeError(`reshape: expected ${wanted}; got ${formatShape(asked)}`);
}

function checkAlike(
  what: string,
  tensors: readonly Readable[],
  checkShapeOf: (tensor: Readable, index: number, first: Readable) => void,
): Readable {
  const [first] = tensors;
  if (first === undefined) throw new TypeError(`${what}: expected tensors; got none`);
  for (const [index, tensor] of tensors.entries()) {
    const { datatype, as } = tensor;
    if (datatype !== first.datatype || as !== first.as) {
      const wanted = `${first.datatype} as ${first.as}`;
      const got = `${datatype} as ${as} at index ${index}`;
      throw new TypeError(`${what}: expected tensors of ${wanted}, as the first; got ${got}`);
    }
    checkShapeOf(tensor, index, first);
  }
  return first;
}

function fits(shape: readonly number[], other: readonly number[], axis: number): boolean {
  if (shape.length !== other.length) return false;
  return shape.every((size, index) => index === axis || size === other[index]);
}

function noAxis(what: string, axis: number, shape: readonly number[]): TypeError {
  const wanted = shape.length === 0 ? "tensors with an axis" : `an axis below ${shape.length}`;
  return new TypeError(`${what}: expected ${wanted}; got axis ${show(axis)}`);
}

function joined(tensors: readonly Readable[], shape: readonly number[], axis: number): Shaped {
  const [first] = tensors;
  const outer = elementCount(shape.slice(0, axis));
  const values = emptyValues(first as Readable, elementCount(shape));
  const parts = tensors.map(({ data }) => ({ data, piece: outer === 0 ? 0 : data.length / outer }));
  let at = 0;
  for (let index = 0; index < outer; index += 1) {
    for (const { data, piece } of parts) {
      copyPiece(data, { from: index * piece, to: (index + 1) * piece }, values, at);
      at += piece;
    }
  }
  return { shape, values };
}

function copyPiece(
  data: Values,
  { from, to }: { readonly from: number; readonly to: number },
  into: Values,
  at: number,
): void {
  if (ArrayBuffer.isView(data)) {
    (into as Float64Array).set((data as Float64Array).subarray(from, to), at);
    return;
  }
  const texts = into as (string | Uint8Array)[];
  for (let index = from; index < to; index += 1) texts[at + index - from] = data[index] ?? "";
}

function paddedShape(shape: readonly number[], sizes: readonly number[]): readonly number[] {
  const to = sizes.map((size, axis) => (size === -1 ? (shape[axis] ?? 0) : size));
  const isRight = to.every((size, axis) => isSize(size) && size >= (shape[axis] ?? 0));
  if (sizes.length === shape.length && isRight) return to;
  const wanted = `a shape of at least ${formatShape(shape)}, with -1 for what stays`;
  throw new TypeError(`pad: expected ${wanted}; got ${show(sizes)}`);
}

/** One element, as the storage has it. */
function storedAs({ datatype, as }: ElementType, value: unknown): unknown {
  if (!isNumeric(datatype)) {
    checkForm("pad", value, as);
    return value;
  }
  const encoded = encodeElement(datatype, value);
  return isWideAsNumber(datatype, as) ? Number(encoded) : encoded;
}

function checkForm(what: string, value: unknown, as: ElementForm): void {
  const isOfForm = as === "bytes" ? value instanceof Uint8Array : typeof value === "string";
  if (isOfForm) return;
  const wanted = as === "bytes" ? "a Uint8Array" : "a string";
  throw new TypeError(`${what}: expected ${wanted} for BYTES as ${as}; got ${show(value)}`);
}
