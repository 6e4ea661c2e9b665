/**
 * Tensor: what a model's function gets and returns: a plain tensor (plain-tensor.ts) that computes:
 * maps, pads, joins.
 *
 * Not here: what these do with values (tensor-operations.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { show } from "../protocol/show.ts";
import {
  PlainTensor,
  partsFrom,
  type TensorType,
  type TensorValues,
  typeOf,
} from "./plain-tensor.ts";
import type { DefaultForm, ElementForm, Elements } from "./specifications.ts";
import {
  concatenated,
  mapped,
  padded,
  type Readable,
  stacked,
  zeros,
} from "./tensor-operations.ts";

export class Tensor<
  D extends Datatype = Datatype,
  As extends ElementForm = DefaultForm<D>,
> extends PlainTensor<D, As> {
  /** Copies. The shape of nested arrays is theirs; that of a typed array is one dimension. */
  static override from<D extends Datatype, As extends ElementForm = DefaultForm<D>>(
    type: TensorType<D, As>,
    values: TensorValues<D, As>,
    shape?: readonly number[],
  ): Tensor<D, As> {
    return new Tensor(partsFrom(type, values, shape));
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
    if (tensor instanceof PlainTensor) return tensor as Readable;
    const got = `${show(tensor)} at index ${index}`;
    throw new TypeError(`Tensor.${what}: expected tensors; got ${got}`);
  });
}
