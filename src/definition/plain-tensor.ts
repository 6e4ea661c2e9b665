/**
 * Plain tensor: a datatype, a shape and values. What clients get; `Tensor` (tensor.ts), which models
 * get and return, is one with operations, and whose memory may be taken from it.
 *
 * It is a view over memory. BYTES stays packed until somebody asks for `data`.
 *
 * Not here: the tensor on the wire (protocol/tensor.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { elementCount } from "../protocol/shape.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import { isNumeric, type TensorData, type WrittenData } from "./element-arrays.ts";
import { type Nested, toNested } from "./nested-values.ts";
import { unpackTexts } from "./packed-texts.ts";
import type { DefaultForm, ElementForm, Elements, TensorSpec } from "./specifications.ts";
import { checkShapeOf, type Values } from "./tensor-operations.ts";
import { type ExpectedTensor, writtenValues } from "./written-values.ts";

export interface PlainParts<D extends Datatype> {
  readonly datatype: D;
  readonly shape: readonly number[];
  /** In the wire's layout; for a numeric datatype aligned to its elements. */
  readonly bytes: Uint8Array;
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
  readonly #bytes: Uint8Array;
  #values: Values | undefined;

  /** Over memory that is there already; `Tensor.from` makes one of values. */
  constructor({ datatype, shape, bytes }: PlainParts<D>) {
    this.datatype = datatype;
    this.shape = shape;
    this.#bytes = bytes;
  }

  /** Copies. The shape of nested arrays is theirs; that of a typed array is one dimension. */
  static from<D extends Datatype>(
    datatype: D,
    values: TensorValues<D, DefaultForm<D>>,
    shape?: readonly number[],
  ): PlainTensor<D> {
    return new PlainTensor({ datatype, ...written({ datatype, as: "number" }, values, shape) });
  }

  /** Elements. */
  get size(): number {
    return elementCount(this.shape);
  }

  /** The values, flat. Of FP16 and BF16 the bits, of BOOL 0 and 1; not copied. */
  get data(): TensorData<D, As> {
    this.#values ??= decoded(this.datatype, this.#bytes);
    // The datatype and the form decide what this is; the type says the same.
    return this.#values as TensorData<D, As>;
  }

  /** The bytes in the wire's layout; not copied. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Arrays in arrays, of booleans, numbers, bigints, strings or Uint8Arrays. */
  toNested(): Nested<Elements[As]> {
    const nested = toNested(this.datatype, this.shape, this.data as ArrayLike<unknown>);
    return nested as Nested<Elements[As]>;
  }
}

/** Of the wire's layout: numbers over the same memory. */
export function decoded(datatype: Datatype, bytes: Uint8Array): Values {
  if (!isNumeric(datatype)) return unpackTexts(bytes);
  const Typed = typedArrays[datatype];
  return new Typed(bytes.buffer, bytes.byteOffset, bytes.byteLength / Typed.BYTES_PER_ELEMENT);
}

/** Values in memory of their own, with the shape that is given or theirs. Throws a TypeError. */
export function written(
  type: Pick<ExpectedTensor, "datatype" | "as">,
  values: unknown,
  given: readonly number[] | undefined,
): { readonly shape: readonly number[]; readonly bytes: Uint8Array } {
  const isElement = !Array.isArray(values) && !ArrayBuffer.isView(values);
  const expected = { ...type, dims: [-1] };
  const { shape, bytes, isOwn } = writtenValues(expected, isElement ? [values] : values);
  const own = isElement ? [] : shape;
  if (given !== undefined) checkShapeOf(elementCount(own), given);
  return { shape: given ?? own, bytes: isOwn ? bytes : bytes.slice() };
}
