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
import { packBytes, unpackBytes } from "../protocol/packed-bytes.ts";
import { formatShape } from "../protocol/shape.ts";
import { show } from "../protocol/show.ts";
import type { TypedArray } from "../protocol/typed-arrays.ts";
import { isWideAsNumber, numbersToWide, type TensorData, wideToNumbers } from "./element-arrays.ts";
import {
  decoded,
  type PlainParts,
  PlainTensor,
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

/** Values, or the bytes of the wire. */
export interface TensorParts<D extends Datatype, As extends ElementForm>
  extends Omit<PlainParts<D>, "bytes"> {
  readonly as: As;
  readonly bytes?: Uint8Array;
  readonly values?: Values;
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

const nothing = new Uint8Array(0);

let readReturned: (tensor: Tensor<Datatype, ElementForm>) => ReturnedBytes;
let markGone: (tensor: Tensor<Datatype, ElementForm>, why: string) => void;

export class Tensor<
  D extends Datatype = Datatype,
  As extends ElementForm = DefaultForm<D>,
> extends PlainTensor<D, As> {
  /** What one element is in JavaScript. */
  readonly as: As;
  readonly #isOwn: boolean;
  #bytes: Uint8Array | undefined;
  #values: Values | undefined;
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
  constructor(parts: TensorParts<D, As>) {
    super({ ...parts, bytes: nothing });
    this.as = parts.as;
    this.#bytes = parts.bytes;
    this.#values = parts.values;
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
    const { bytes, ...own } = ownValues({ datatype, as }, values, shape);
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

  /** The first dimension. */
  get rows(): number {
    return this.shape[0] ?? 1;
  }

  override get data(): TensorData<D, As> {
    this.#prepare();
    // The datatype and the form decide what this is; the type says the same.
    return this.#stored() as TensorData<D, As>;
  }

  override get bytes(): Uint8Array {
    this.#prepare();
    const { datatype, as } = this;
    const values = this.#values;
    if (datatype === "BYTES") {
      this.#bytes ??= packBytes(values as readonly string[]);
      return this.#bytes;
    }
    if (values === undefined) return this.#bytes ?? nothing;
    // Numbers may have been changed since they were read: they count, not the bytes they are from.
    const { buffer, byteOffset, byteLength } = isWideAsNumber(datatype, as)
      ? numbersToWide(datatype, values as Float64Array)
      : (values as TypedArray);
    return new Uint8Array(buffer, byteOffset, byteLength);
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
    this.#prepare();
    for (let index = 0; index < this.rows; index += 1) yield this.row(index);
  }

  /** The same elements in another shape, of which one dimension may be -1: what is left. A view. */
  reshape(shape: readonly number[]): this {
    this.#prepare();
    const to = reshapedTo(this.shape, shape);
    // Texts that nobody has read stay bytes.
    const isUnread = this.datatype === "BYTES" && this.#values === undefined;
    return this.#view(to, isUnread ? { bytes: this.bytes } : { values: this.#stored() });
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

  #view(shape: readonly number[], memory: Pick<TensorParts<D, As>, "bytes" | "values">): this {
    const { datatype, as } = this;
    const view = new Tensor({ datatype, shape, as, ...memory });
    view.#whole = this.#whole ?? this;
    return view as this;
  }

  #stored(): Values {
    this.#values ??= this.#decode(this.#bytes ?? nothing);
    return this.#values;
  }

  #decode(bytes: Uint8Array): Values {
    const { datatype, as } = this;
    try {
      if (as === "bytes") return unpackBytes(bytes);
      return isWideAsNumber(datatype, as)
        ? wideToNumbers(datatype, bytes)
        : decoded(datatype, bytes);
    } catch (cause) {
      // What a client sent is not what the model reads.
      const why = cause instanceof Error ? cause.message : String(cause);
      const what = as === "number" ? "numbers" : "texts";
      throw new InferenceError("INVALID_ARGUMENT", `${why}, and the model reads ${what}`, {
        cause,
      });
    }
  }

  /** Whoever asks for values comes by here first. */
  #prepare(): void {
    this.#check();
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

function ownValues(...args: Parameters<typeof written>): ReturnType<typeof written> {
  try {
    return written(...args);
  } catch (error) {
    if (!(error instanceof TypeError) || !error.message.startsWith("must ")) throw error;
    throw new TypeError(`Tensor.from: ${args[0].datatype} ${error.message}`);
  }
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
