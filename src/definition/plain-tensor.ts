/**
 * Plain tensor: a datatype, a shape and values. What clients get; `Tensor` (tensor.ts), which models
 * get and return, is one with operations.
 *
 * It is a view: over the memory of the batch for an input, over its own for one that was made
 * here. BYTES stays packed, and 64-bit integers that are to be numbers stay integers, until
 * somebody asks for `data`.
 *
 * A tensor is gone, and says so when it is read, once it no longer owns its values:
 *   - an input when `infer` has settled: its memory is used again;
 *   - an output when it has been returned: its memory is in another thread, or with a response.
 * `clone()` keeps the values.
 *
 * Not here: the tensor on the wire (protocol/tensor.ts), checks of what a model returned
 * (backends/function-outputs.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { unpackBytes } from "../protocol/packed-bytes.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import { type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
import {
  isNumeric,
  isWideAsNumber,
  numbersToWide,
  type TensorData,
  type WrittenData,
  wideToNumbers,
} from "./element-arrays.ts";
import { flattenNested, type Nested, toNested } from "./nested-values.ts";
import { packElements, unpackStrings } from "./packed-elements.ts";
import {
  type DefaultForm,
  defaultForm,
  type ElementForm,
  type Elements,
  type TensorSpec,
} from "./specifications.ts";
import { checkShapeOf, copyTyped, isOfForm, reshapedTo, type Values } from "./tensor-operations.ts";

/** Bytes in the wire's layout that nobody has read yet. */
export interface UnreadBytes {
  readonly chunks: readonly Uint8Array[];
  /** In one piece; for a numeric datatype aligned to its elements. */
  join(): Uint8Array;
}

/** Values, or the bytes of the wire, in one piece or unread. */
export interface TensorParts<D extends Datatype, As extends ElementForm> {
  readonly datatype: D;
  readonly shape: readonly number[];
  readonly as: As;
  /** In the wire's layout; for a numeric datatype aligned to its elements. */
  readonly bytes?: Uint8Array;
  readonly unread?: UnreadBytes;
  readonly values?: Values;
  /** Its memory is of no use to anybody else. */
  readonly isOwn?: boolean;
}

/** A tensor's bytes, when it is returned. */
export interface ReturnedBytes {
  readonly chunks: readonly Uint8Array[];
  /** False: somebody else may go on using this memory. */
  readonly isOwn: boolean;
  /** Of another tensor, which has more. */
  readonly isPart: boolean;
}

export type TensorType<D extends Datatype, As extends ElementForm> = D | TensorSpec<D, As>;

/** What `Tensor.from` takes. */
export type TensorValues<D extends Datatype, As extends ElementForm> =
  | WrittenData<D, As>
  | Nested<Elements[As]>;

let readReturned: (tensor: PlainTensor<Datatype, ElementForm>) => ReturnedBytes;
let markGone: (tensor: PlainTensor<Datatype, ElementForm>, why: string) => void;

export class PlainTensor<D extends Datatype = Datatype, As extends ElementForm = DefaultForm<D>> {
  readonly datatype: D;
  /** Batch dimension included, if the model batches. */
  readonly shape: readonly number[];
  /** What one element is in JavaScript. */
  readonly as: As;
  readonly #isOwn: boolean;
  #unread: UnreadBytes | undefined;
  #bytes: Uint8Array | undefined;
  #values: Values | undefined;
  /** The tensor that this one is a part of: when that is gone, so is this. */
  #whole: PlainTensor<Datatype, ElementForm> | undefined;
  #goneBecause: string | undefined;

  static {
    readReturned = (tensor) => {
      tensor.#check();
      const chunks = tensor.#unread?.chunks ?? [tensor.bytes];
      const whole = tensor.#whole ?? tensor;
      return { chunks, isOwn: whole.#isOwn, isPart: tensor.size < whole.size };
    };
    markGone = (tensor, why) => {
      (tensor.#whole ?? tensor).#goneBecause ??= why;
    };
  }

  /** Over memory that is there already; `Tensor.from` makes one of values. */
  constructor(parts: TensorParts<D, As>) {
    this.datatype = parts.datatype;
    this.shape = parts.shape;
    this.as = parts.as;
    this.#unread = parts.unread;
    this.#bytes = parts.bytes;
    this.#values = parts.values;
    this.#isOwn = parts.isOwn ?? false;
  }

  /** Copies. The shape of nested arrays is theirs; that of a typed array is one dimension. */
  static from<D extends Datatype, As extends ElementForm = DefaultForm<D>>(
    type: TensorType<D, As>,
    values: TensorValues<D, As>,
    shape?: readonly number[],
  ): PlainTensor<D, As> {
    return new PlainTensor(partsFrom(type, values, shape));
  }

  /** The first dimension. */
  get rows(): number {
    return this.shape[0] ?? 1;
  }

  /** Elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /** The values, flat. Of FP16 and BF16 the bits, of BOOL 0 and 1; not copied. */
  get data(): TensorData<D, As> {
    this.#check();
    // The datatype and the form decide what this is; the type says the same.
    return this.#stored() as TensorData<D, As>;
  }

  /** The bytes in the wire's layout; not copied, if they are there. */
  get bytes(): Uint8Array {
    this.#check();
    this.#read();
    const { datatype } = this;
    if (datatype === "BYTES") {
      this.#bytes ??= packElements(this.#values as readonly string[]);
      return this.#bytes;
    }
    if (this.#values === undefined && this.#bytes !== undefined) return this.#bytes;
    // Numbers may have been changed since they were read: they count, not the bytes they are from.
    const values = isWideAsNumber(datatype, this.as)
      ? numbersToWide(datatype as "INT64", this.#values as Float64Array)
      : (this.#values as TypedArray);
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }

  /** The row of this index, without the first dimension. A view. */
  row(index: number): this {
    return this.#part(index, index + 1, this.shape.slice(1));
  }

  /** Rows from the first index to before the second. A view. */
  slice(from: number, to: number = this.rows): this {
    return this.#part(from, to, [to - from, ...this.shape.slice(1)]);
  }

  /** The rows, one after another, as `row` gives them. */
  *eachRow(): Generator<this, void, undefined> {
    this.#check();
    for (let index = 0; index < this.rows; index += 1) yield this.row(index);
  }

  /** The same elements in another shape, of which one dimension may be -1: what is left. A view. */
  reshape(shape: readonly number[]): this {
    this.#check();
    const to = reshapedTo(this.shape, shape);
    // Texts that nobody has read stay bytes.
    const isUnread = this.datatype === "BYTES" && this.#values === undefined;
    return this.#view(to, isUnread ? { bytes: this.bytes } : { values: this.#stored() });
  }

  /** The same values in memory of their own: for a model that keeps them. */
  clone(): this {
    const { datatype, shape, as } = this;
    if (datatype === "BYTES") {
      return this.#make({ datatype, shape, as, bytes: new Uint8Array(this.bytes), isOwn: true });
    }
    const values = (this.data as TypedArray).slice();
    return this.#make({ datatype, shape, as, values, isOwn: true });
  }

  /** Arrays in arrays, of booleans, numbers, bigints, strings or Uint8Arrays. */
  toNested(): Nested<Elements[As]> {
    const nested = toNested(this.datatype, this.shape, this.data as ArrayLike<unknown>);
    return nested as Nested<Elements[As]>;
  }

  #part(from: number, to: number, shape: readonly number[]): this {
    const isWithin = from >= 0 && from <= to && to <= this.rows;
    const isWhole = Number.isInteger(from) && Number.isInteger(to);
    if (!isWithin || !isWhole || this.shape.length === 0) {
      const rows = `0 to ${this.rows} of a tensor of shape ${formatShape(this.shape)}`;
      throw new RangeError(`rows ${from} to ${to} are not within rows ${rows}`);
    }
    const perRow = this.rows === 0 ? 0 : this.size / this.rows;
    const data = this.data as Values;
    const values = ArrayBuffer.isView(data)
      ? data.subarray(from * perRow, to * perRow)
      : data.slice(from * perRow, to * perRow);
    return this.#view(shape, { values });
  }

  /** Of the same class as this one. */
  #make(parts: TensorParts<D, As>): this {
    return new (this.constructor as new (of: TensorParts<D, As>) => this)(parts);
  }

  #view(shape: readonly number[], memory: Pick<TensorParts<D, As>, "bytes" | "values">): this {
    const { datatype, as } = this;
    const view = this.#make({ datatype, shape, as, ...memory });
    view.#whole = this.#whole ?? this;
    return view;
  }

  #stored(): Values {
    if (this.#values !== undefined) return this.#values;
    this.#read();
    const { datatype, as } = this;
    const bytes = this.#bytes ?? new Uint8Array(0);
    if (!isNumeric(datatype)) {
      this.#values = as === "bytes" ? unpackBytes(bytes) : unpackStrings(bytes);
      return this.#values;
    }
    const Typed = typedArrays[datatype];
    const length = bytes.byteLength / Typed.BYTES_PER_ELEMENT;
    const stored = new Typed(bytes.buffer, bytes.byteOffset, length);
    const isWide = isWideAsNumber(datatype, as);
    this.#values = isWide ? wideToNumbers(stored as BigInt64Array) : stored;
    return this.#values;
  }

  #read(): void {
    if (this.#unread === undefined) return;
    this.#bytes = this.#unread.join();
    this.#unread = undefined;
  }

  #check(): void {
    const why = this.#whole === undefined ? this.#goneBecause : this.#whole.#goneBecause;
    if (why !== undefined) throw gone(this, why);
    const memory = this.#bytes ?? this.#values;
    if (ArrayBuffer.isView(memory) && memory.byteLength === 0 && this.size > 0) {
      throw gone(this, "its memory was transferred");
    }
  }
}

/** Of a tensor that a model returns, perhaps as several outputs: so `giveAway` comes after all. */
export function returnedBytes(tensor: PlainTensor<Datatype, ElementForm>): ReturnedBytes {
  return readReturned(tensor);
}

/** It has been returned. Whoever reads it afterwards is told so. */
export function giveAway(tensor: PlainTensor<Datatype, ElementForm>): void {
  markGone(tensor, "it was returned from infer: return or keep a clone()");
}

/** An input whose call has settled. Whoever reads it afterwards is told so. */
export function release(tensor: PlainTensor<Datatype, ElementForm>): void {
  markGone(tensor, "it was an input, and infer has settled: keep a clone()");
}

function gone({ datatype, shape }: PlainTensor<Datatype, ElementForm>, why: string): TypeError {
  return new TypeError(`this tensor (${datatype} ${formatShape(shape)}) is gone: ${why}`);
}

/** Of a tensor with memory of its own. */
export function partsFrom<D extends Datatype, As extends ElementForm>(
  type: TensorType<D, As>,
  values: TensorValues<D, As>,
  shape: readonly number[] | undefined,
): TensorParts<D, As> {
  const element = typeOf(type);
  const { datatype, as } = element;
  const flat = ArrayBuffer.isView(values)
    ? { shape: [values.length], values: copyTyped(element, values as TypedArray) }
    : flattenNested(datatype, values);
  if (shape !== undefined) checkShapeOf(elementCount(flat.shape), shape);
  const own = { datatype, shape: shape ?? flat.shape, as, isOwn: true };
  if (Array.isArray(flat.values) && !flat.values.every((value) => isOfForm(value, as))) {
    return { ...own, bytes: packElements(flat.values) };
  }
  if (!isWideAsNumber(datatype, as) || ArrayBuffer.isView(values)) {
    return { ...own, values: flat.values };
  }
  return { ...own, values: wideToNumbers(flat.values as BigInt64Array) };
}

export function typeOf<D extends Datatype, As extends ElementForm>(
  type: TensorType<D, As>,
): { readonly datatype: D; readonly as: As } {
  if (typeof type !== "string") return type;
  return { datatype: type, as: defaultForm(type) as ElementForm as As };
}
