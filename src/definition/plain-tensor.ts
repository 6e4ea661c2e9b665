/**
 * Plain tensor: a datatype, a shape and values. What clients get; `Tensor` (tensor.ts), which models
 * get and return, is one with operations, and whose memory may be taken from it.
 *
 * It is a view over memory. BYTES stays packed, and 64-bit integers that are to be numbers stay
 * integers, until somebody asks for `data`.
 *
 * Not here: the tensor on the wire (protocol/tensor.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { elementCount } from "../protocol/shape.ts";
import { type TypedArray, typedArrays } from "../protocol/typed-arrays.ts";
import { isNumeric, type TensorData, type WrittenData } from "./element-arrays.ts";
import { type Nested, toNested } from "./nested-values.ts";
import { unpackTexts } from "./packed-texts.ts";
import type { DefaultForm, ElementForm, Elements, TensorSpec } from "./specifications.ts";
import { checkShapeOf, type Values } from "./tensor-operations.ts";
import { type ExpectedTensor, writtenValues } from "./written-values.ts";

/** Values, or the bytes of the wire. */
export interface TensorParts<D extends Datatype> {
  readonly datatype: D;
  readonly shape: readonly number[];
  /** In the wire's layout; for a numeric datatype aligned to its elements. */
  readonly bytes?: Uint8Array;
  readonly values?: Values;
}

export type TensorType<D extends Datatype, As extends ElementForm> = D | TensorSpec<D, As>;

/** What `Tensor.from` takes. */
export type TensorValues<D extends Datatype, As extends ElementForm> =
  | WrittenData<D, As>
  | Nested<Elements[As]>;

export class PlainTensor<D extends Datatype = Datatype, As extends ElementForm = DefaultForm<D>> {
  readonly datatype: D;
  /** Batch dimension included, if the model batches. */
  readonly shape: readonly number[];
  #bytes: Uint8Array | undefined;
  #values: Values | undefined;

  /** Over memory that is there already; `Tensor.from` makes one of values. */
  constructor({ datatype, shape, bytes, values }: TensorParts<D>) {
    this.datatype = datatype;
    this.shape = shape;
    this.#bytes = bytes;
    this.#values = values;
  }

  /** Copies. The shape of nested arrays is theirs; that of a typed array is one dimension. */
  static from<D extends Datatype>(
    datatype: D,
    values: TensorValues<D, DefaultForm<D>>,
    shape?: readonly number[],
  ): PlainTensor<D> {
    return new PlainTensor({ datatype, ...written({ datatype, as: "number" }, values, shape) });
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
    this.prepare();
    // The datatype and the form decide what this is; the type says the same.
    return this.#stored() as TensorData<D, As>;
  }

  /** The bytes in the wire's layout; not copied, if they are there. */
  get bytes(): Uint8Array {
    this.prepare();
    const { datatype } = this;
    if (datatype === "BYTES") {
      this.#bytes ??= packBytes(this.#values as readonly string[]);
      return this.#bytes;
    }
    if (this.#values === undefined && this.#bytes !== undefined) return this.#bytes;
    // Numbers may have been changed since they were read: they count, not the bytes they are from.
    const values = this.encode(this.#values as TypedArray);
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }

  /** Arrays in arrays, of booleans, numbers, bigints, strings or Uint8Arrays. */
  toNested(): Nested<Elements[As]> {
    const nested = toNested(this.datatype, this.shape, this.data as ArrayLike<unknown>);
    return nested as Nested<Elements[As]>;
  }

  /** Values of the wire's layout: over the same memory, where they are numbers. */
  protected decode(bytes: Uint8Array): Values {
    const { datatype } = this;
    if (!isNumeric(datatype)) return unpackTexts(bytes);
    const Typed = typedArrays[datatype];
    return new Typed(bytes.buffer, bytes.byteOffset, bytes.byteLength / Typed.BYTES_PER_ELEMENT);
  }

  /** The other way round. */
  protected encode(values: TypedArray): TypedArray {
    return values;
  }

  /** Whoever asks for values comes by here first. */
  protected prepare(): void {}

  protected get memory(): Uint8Array | Values | undefined {
    return this.#bytes ?? this.#values;
  }

  /** Bytes that were not there when it was made. */
  protected fill(bytes: Uint8Array): void {
    this.#bytes = bytes;
  }

  #stored(): Values {
    this.#values ??= this.decode(this.#bytes ?? new Uint8Array(0));
    return this.#values;
  }
}

/** Values in memory of their own, with the shape that is given or theirs. Throws a TypeError. */
export function written(
  type: Pick<ExpectedTensor, "datatype" | "as">,
  values: unknown,
  given: readonly number[] | undefined,
): { readonly shape: readonly number[]; readonly bytes: Uint8Array } {
  const isElement = !Array.isArray(values) && !ArrayBuffer.isView(values);
  try {
    const expected = { ...type, dims: [-1] };
    const { shape, bytes, isOwn } = writtenValues(expected, isElement ? [values] : values);
    const own = isElement ? [] : shape;
    if (given !== undefined) checkShapeOf(elementCount(own), given);
    return { shape: given ?? own, bytes: isOwn ? bytes : bytes.slice() };
  } catch (error) {
    const { message } = error as Error;
    throw message.startsWith("must ")
      ? new TypeError(`Tensor.from: ${type.datatype} ${message}`)
      : error;
  }
}
