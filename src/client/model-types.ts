/**
 * Types of a model's tensors as its clients see them: from its definition, `typeof linear`, or of
 * any name.
 *
 * Types only. Over the wire there are datatypes; in which form the model's own function reads them
 * is unknown here, so outputs have the usual one.
 */
import type { InputValues, Model } from "../definition/model.ts";
import type { PlainTensor } from "../definition/plain-tensor.ts";
import type { DefaultForm, TensorSpec } from "../definition/specifications.ts";
import type { Datatype } from "../protocol/datatype.ts";
import type { SharedTensor } from "./shared-tensor.ts";

type Given<Values> = { readonly [Name in keyof Values]: Values[Name] | SharedTensor };

/** Tensors, typed arrays or nested arrays. */
export type InputsOf<M> =
  M extends Model<string, infer I> ? Given<InputValues<I>> : Readonly<Record<string, unknown>>;

export type OutputsOf<M> =
  M extends Model<string, infer _, infer O>
    ? { readonly [Name in keyof O]: O[Name] extends TensorSpec<infer D> ? PlainTensor<D> : never }
    : Readonly<Record<string, PlainTensor>>;

/** Datatypes by name; of an input that may be left out: `name?: "FP32"`. */
type Datatypes = Readonly<Record<string, Datatype | undefined>>;

/**
 * A model whose definition is elsewhere, by what goes over the wire; `shoal types` writes these.
 *
 *   type Linear = ModelType<"linear", { x: "FP32" }, { y: "FP32" }>;
 */
export type ModelType<Name extends string, I extends Datatypes, O extends Datatypes> = Model<
  Name,
  SpecsOf<I>,
  SpecsOf<O>
>;

type SpecsOf<T extends Datatypes> = {
  readonly [Tensor in keyof T]-?: SpecOf<
    NonNullable<T[Tensor]>,
    undefined extends T[Tensor] ? true : false
  >;
};

type SpecOf<D extends Datatype, Optional extends boolean> = TensorSpec<D, DefaultForm<D>, Optional>;
