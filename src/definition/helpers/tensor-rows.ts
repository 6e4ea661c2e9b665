/**
 * Rows of tensors: some of them, their bytes, and rows of several tensors joined in one.
 *
 * A row is an index of the first dimension. Of BYTES the elements are looked at, of all others the
 * bytes are moved.
 */
import { packBytes, unpackBytes } from "../../protocol/packed-bytes.ts";
import { elementCount } from "../../protocol/shape.ts";
import type { TypedArray } from "../../protocol/typed-arrays.ts";
import { isNumeric } from "../element-arrays.ts";
import type { AnyTensor, DeclaredModel, Tensors } from "../infer-forms.ts";
import { Tensor } from "../tensor.ts";

type AnyValues = TypedArray | readonly (string | Uint8Array)[];

/** Of each output. */
export function mapTensors(tensors: Tensors, transform: (tensor: AnyTensor) => AnyTensor): Tensors {
  const mapped: Record<string, AnyTensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) mapped[name] = transform(tensor);
  return mapped;
}

/** Of each input that is there, and has rows: not of what firstValue has put in the place of one. */
export function mapInputs(
  { inputs: specs }: DeclaredModel,
  inputs: Tensors,
  transform: (tensor: AnyTensor) => AnyTensor,
): Tensors {
  const mapped: Record<string, AnyTensor> = { ...inputs };
  for (const name of Object.keys(specs)) {
    const tensor = inputs[name];
    if (tensor instanceof Tensor) mapped[name] = transform(tensor);
  }
  return mapped;
}

/** Views; the tensor itself if these are all its rows. */
export function rowsOf(tensor: AnyTensor, from: number, to: number): AnyTensor {
  return from === 0 && to === tensor.rows ? tensor : tensor.slice(from, to);
}

/**
 * These rows, in this order, in memory of their own; a row may come several times. They are given
 * away when they are returned, but by a model that streams: it goes on reading its inputs.
 */
export function takeRows(
  tensor: AnyTensor,
  rows: readonly number[],
  { isDecoupled }: Pick<DeclaredModel, "isDecoupled">,
): AnyTensor {
  const { datatype, as, shape } = tensor;
  const perRow = elementCount(shape.slice(1));
  const data: AnyValues = tensor.data;
  const isOwn = !isDecoupled;
  const taken = { datatype, as, shape: [rows.length, ...shape.slice(1)], isOwn };
  if (!ArrayBuffer.isView(data)) {
    const values = rows.flatMap((row) => data.slice(row * perRow, (row + 1) * perRow));
    return new Tensor({ ...taken, values });
  }
  const values = new (data.constructor as Float64ArrayConstructor)(rows.length * perRow);
  for (const { row, index, count } of runsOf(rows)) {
    const run = (data as Float64Array).subarray(row * perRow, (row + count) * perRow);
    values.set(run, index * perRow);
  }
  return new Tensor({ ...taken, values });
}

/** What makes two rows equal: by row, the bytes of its elements. */
export function rowBytes(tensor: AnyTensor): readonly (readonly Uint8Array[])[] {
  const { bytes, rows } = tensor;
  if (isNumeric(tensor.datatype)) {
    const size = bytes.byteLength / rows;
    return Array.from({ length: rows }, (_, row) => [bytes.subarray(row * size, (row + 1) * size)]);
  }
  const elements = unpackBytes(bytes);
  const count = elements.length / rows;
  return Array.from({ length: rows }, (_, row) => elements.slice(row * count, (row + 1) * count));
}

/** Below 0, 0, above 0: by the first byte that differs; what ends first comes first. */
export function compareRows(one: readonly Uint8Array[], other: readonly Uint8Array[]): number {
  for (const [index, bytes] of one.entries()) {
    const order = compareBytes(bytes, other[index] ?? new Uint8Array(0));
    if (order !== 0) return order;
  }
  return 0;
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.byteLength, other.byteLength);
  for (let index = 0; index < length; index += 1) {
    const order = (one[index] ?? 0) - (other[index] ?? 0);
    if (order !== 0) return order;
  }
  return one.byteLength - other.byteLength;
}

/** A tensor's rows, and where they go. */
export interface PlacedRows {
  readonly tensor: AnyTensor;
  readonly rows: readonly number[];
}

/**
 * One tensor of so many rows: those that are placed, and zeros or empty texts. Their shapes are
 * equal past the first dimension.
 */
export function joinRows(placed: readonly [PlacedRows, ...PlacedRows[]], rows: number): AnyTensor {
  const { datatype, as, shape } = placed[0].tensor;
  const joined = { datatype, as, shape: [rows, ...shape.slice(1)], isOwn: true };
  const bytes = isNumeric(datatype) ? joinNumbers(placed, rows) : joinTexts(placed, rows);
  return new Tensor({ ...joined, bytes });
}

function joinNumbers(placed: readonly [PlacedRows, ...PlacedRows[]], count: number): Uint8Array {
  const [{ tensor, rows: first }] = placed;
  const size = tensor.bytes.byteLength / first.length;
  const joined = new Uint8Array(count * size);
  for (const { tensor: part, rows } of placed) {
    const { bytes } = part;
    for (const { row, index, count: length } of runsOf(rows)) {
      joined.set(bytes.subarray(index * size, (index + length) * size), row * size);
    }
  }
  return joined;
}

function joinTexts(placed: readonly [PlacedRows, ...PlacedRows[]], count: number): Uint8Array {
  const [{ tensor: first }] = placed;
  const empty = new Array<Uint8Array>(elementCount(first.shape.slice(1))).fill(new Uint8Array(0));
  const byRow = new Array<readonly Uint8Array[]>(count).fill(empty);
  for (const { tensor, rows } of placed) {
    const elements = rowBytes(tensor);
    for (const [index, row] of rows.entries()) byRow[row] = elements[index] ?? [];
  }
  return packBytes(byRow.flat());
}

/** So many rows that follow one another, from this one; it is at this index of the list. */
interface Run {
  readonly row: number;
  readonly index: number;
  readonly count: number;
}

/** Rows that follow one another are moved at once. */
function runsOf(rows: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  let start = 0;
  for (let end = 1; end <= rows.length; end += 1) {
    const row = rows[start] ?? 0;
    if (rows[end] === row + end - start) continue;
    runs.push({ row, index: start, count: end - start });
    start = end;
  }
  return runs;
}
