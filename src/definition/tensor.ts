/**
 * Tensor: what a model's function gets and returns. A plain tensor (plain-tensor.ts) that computes:
 * maps, pads, joins; and that has a life.
 *
 * It is a view: over the memory of the batch for an input, over its own for one that was made here.
 * It is gone, and says so when it is read, once it no longer owns its values:
 *   - an input when `infer` has settled: its memory is used again;
 *   - an output when it has been returned: its memory is in another thread, or with a response.
 * `clone()` keeps the values.
 *
 * Not here: what operations do with values (tensor-operations.ts), checks of what a model returned
 * (backends/function-outputs.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { unpackBytes } from "../protocol/packed-bytes.ts";
import { formatShape } from "../protocol/shape.ts";
import { show } from "../protocol/show.ts";
import type { TypedArray } from "../protocol/typed-arrays.ts";
import { isWideAsNumber, numbersToWide, wideToNumbers } from "./element-arrays.ts";
import {
  PlainTensor,
  type TensorParts,
  type TensorType,
  type TensorValues,
  written,
} from "./plain-tensor.ts";
import {
  type DefaultForm,
  defaultForm,
  type ElementForm,
  type Elements,
} from "./specifications.ts";
import {
  concatenated,
  mapped,
  padded,
  type Readable,
  reshapedTo,
  stacked,
  type Values,
  zeros,
} from "./tensor-operations.ts";

/** Bytes in the wire's layout that nobody has read yet. */
export interface UnreadBytes {
  readonly chunks: readonly Uint8Array[];
  /** In one piece; for a numeric datatype aligned to its elements. */
  join(): Uint8Array;
}

export interface OwnedParts<D extends Datatype, As extends ElementForm> extends TensorParts<D> {
  readonly as: As;
  readonly unread?: UnreadBytes;
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

let readReturned: (tensor: Tensor<Datatype, ElementForm>) => ReturnedBytes;
let markGone: (tensor: Tensor<Datatype, ElementForm>, why: string) => void;

export class Tensor<
  D extends Datatype = Datatype,
  As extends ElementForm = DefaultForm<D>,
> extends PlainTensor<D, As> {
  /** What one element is in JavaScript. */
  readonly as: As;
  readonly #isOwn: boolean;
  #unread: UnreadBytes | undefined;
  /** The tensor that this one is a part of: when that is gone, so is this. */
  #whole: Tensor<Datatype, ElementForm> | undefined;
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
  constructor(parts: OwnedParts<D, As>) {
    super(parts);
    this.as = parts.as;
    this.#unread = parts.unread;
    this.#isOwn = parts.isOwn ?? false;
  }

  /** Copies. The shape of nested arrays is theirs; that of a typed array is one dimension. */
  static override from<D extends Datatype, As extends ElementForm = DefaultForm<D>>(
    type: TensorType<D, As>,
    values: TensorValues<D, As>,
    shape?: readonly number[],
  ): Tensor<D, As> {
    const { datatype, as } = typeOf(type);
    const { bytes, ...own } = written({ datatype, as }, values, shape);
    // What is beyond 2^53 is an error now, not when it is read.
    const memory = isWideAsNumber(datatype, as)
      ? { values: wideToNumbers(datatype, bytes) }
      : { bytes };
    return new Tensor<D, As>({ datatype, as, ...own, ...memory, isOwn: true });
  }

  /** Zeros, false or empty texts. */
  static zeros<D extends Datatype, As extends ElementForm = DefaultForm<D>>(
    type: TensorType<D, As>,
    shape: readonly number[],
  ): Tensor<D, As> {
    const element = typeOf(type);
    return new Tensor({ ...element, shape, values: zeros(element, shape), isOwn: true });
  }

  /** One behind another along an axis: other dimensions, datatype and form are equal. Copies. */
  static concatenate<D extends Datatype, As extends ElementForm>(
    tensors: readonly Tensor<D, As>[],
    axis: number = 0,
  ): Tensor<D, As> {
    return fromFirst(tensors, concatenated(readable("concatenate", tensors), axis));
  }

  /** Side by side along an axis that they get for it: all else is equal. Copies. */
  static stack<D extends Datatype, As extends ElementForm>(
    tensors: readonly Tensor<D, As>[],
    axis: number = 0,
  ): Tensor<D, As> {
    return fromFirst(tensors, stacked(readable("stack", tensors), axis));
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
    this.prepare();
    for (let index = 0; index < this.rows; index += 1) yield this.row(index);
  }

  /** The same elements in another shape, of which one dimension may be -1: what is left. A view. */
  reshape(shape: readonly number[]): this {
    this.prepare();
    const to = reshapedTo(this.shape, shape);
    const { memory } = this;
    // Texts stay bytes.
    const isPacked = this.datatype === "BYTES" && memory instanceof Uint8Array;
    return this.#view(to, isPacked ? { bytes: memory } : { values: this.data as Values });
  }

  /** A tensor of the same shape and datatype, from each element in turn. */
  map(transform: (element: Elements[As], index: number) => Elements[As]): Tensor<D, As> {
    const { datatype, shape, as } = this;
    const values = mapped(this as Readable, transform as Parameters<typeof mapped>[1]);
    return new Tensor({ datatype, shape, as, values, isOwn: true });
  }

  /**
   * A copy that is as large as the shape says, -1 for an axis that stays: with the value behind
   * what there is, by default zero, false or nothing.
   */
  pad(shape: readonly number[], value?: Elements[As]): Tensor<D, As> {
    const { datatype, as } = this;
    return new Tensor({ datatype, as, ...padded(this as Readable, shape, value), isOwn: true });
  }

  /** The same values in memory of their own: for a model that keeps them. */
  clone(): Tensor<D, As> {
    const { datatype, shape, as } = this;
    if (datatype === "BYTES") {
      return new Tensor({ datatype, shape, as, bytes: new Uint8Array(this.bytes), isOwn: true });
    }
    const values = (this.data as TypedArray).slice();
    return new Tensor({ datatype, shape, as, values, isOwn: true });
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

  #view(shape: readonly number[], memory: Pick<TensorParts<D>, "bytes" | "values">): this {
    const { datatype, as } = this;
    const view = new Tensor({ datatype, shape, as, ...memory });
    view.#whole = this.#whole ?? this;
    return view as this;
  }

  protected override decode(bytes: Uint8Array): Values {
    try {
      if (this.as === "bytes") return unpackBytes(bytes);
      const { datatype, as } = this;
      return isWideAsNumber(datatype, as) ? wideToNumbers(datatype, bytes) : super.decode(bytes);
    } catch (cause) {
      // What a client sent is not what the model reads.
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = this.as === "number" ? "numbers" : "texts";
      throw new InferenceError("INVALID_ARGUMENT", `${why}, and the model reads ${what}`, {
        cause,
      });
    }
  }

  protected override encode(values: TypedArray): TypedArray {
    const { datatype, as } = this;
    if (!isWideAsNumber(datatype, as)) return values;
    return numbersToWide(datatype, values as Float64Array);
  }

  protected override prepare(): void {
    this.#check();
    if (this.#unread === undefined) return;
    this.fill(this.#unread.join());
    this.#unread = undefined;
  }

  #check(): void {
    const why = this.#whole === undefined ? this.#goneBecause : this.#whole.#goneBecause;
    if (why !== undefined) throw gone(this, why);
    const { memory } = this;
    if (ArrayBuffer.isView(memory) && memory.byteLength === 0 && this.size > 0) {
      throw gone(this, "its memory was transferred");
    }
  }
}

/** Of a tensor that a model returns, perhaps as several outputs: so `giveAway` comes after all. */
export function returnedBytes(tensor: PlainTensor<Datatype, ElementForm>): ReturnedBytes {
  if (tensor instanceof Tensor) return readReturned(tensor);
  return { chunks: [tensor.bytes], isOwn: false, isPart: false };
}

/** It has been returned. Whoever reads it afterwards is told so. */
export function giveAway(tensor: Tensor<Datatype, ElementForm>): void {
  markGone(tensor, "it was returned from infer: return or keep a clone()");
}

/** An input whose call has settled. Whoever reads it afterwards is told so. */
export function release(tensor: Tensor<Datatype, ElementForm>): void {
  markGone(tensor, "it was an input, and infer has settled: keep a clone()");
}

function gone({ datatype, shape }: PlainTensor<Datatype, ElementForm>, why: string): TypeError {
  return new TypeError(`this tensor (${datatype} ${formatShape(shape)}) is gone: ${why}`);
}

function typeOf<D extends Datatype, As extends ElementForm>(
  type: TensorType<D, As>,
): { readonly datatype: D; readonly as: As } {
  if (typeof type !== "string") return type;
  return { datatype: type, as: defaultForm(type) as ElementForm as As };
}

/** A tensor like the first one, which is there. */
function fromFirst<D extends Datatype, As extends ElementForm>(
  [first]: readonly Tensor<D, As>[],
  joined: ReturnType<typeof stacked>,
): Tensor<D, As> {
  const { datatype, as } = first as Tensor<D, As>;
  return new Tensor({ datatype, as, ...joined, isOwn: true });
}

function readable(what: string, tensors: readonly unknown[]): readonly Readable[] {
  return tensors.map((tensor, index) => {
    if (tensor instanceof Tensor) return tensor as Readable;
    const got = `${show(tensor)} at index ${index}`;
    throw new TypeError(`Tensor.${what}: expected tensors; got ${got}`);
  });
}
