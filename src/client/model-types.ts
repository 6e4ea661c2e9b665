/**
 * Types of a model's tensors as its clients see them: from its definition, `typeof linear`, or of
 * any name.
 *
 * Types only. Over the wire there are datatypes; in which form the model's own function reads them
 * is unknown here, so outputs have the usual one.
 */
import type { InputValues, Model } from "../definition/model.ts";
import type { PlainTensor } from "../definition/plain-tensor.ts";
import type { TensorSpec } from "../definition/specifications.ts";
import type { SharedTensor } from "./shared-tensor.ts";

type Given<Values> = { readonly [Name in keyof Values]: Values[Name] | SharedTensor };

/** Tensors, typed arrays or nested arrays. */
export type InputsOf<M> =
  M extends Model<string, infer I> ? Given<InputValues<I>> : Readonly<Record<string, unknown>>;

export type OutputsOf<M> =
  M extends Model<string, infer _, infer O>
    ? { readonly [Name in keyof O]: O[Name] extends TensorSpec<infer D> ? PlainTensor<D> : never }
    : Readonly<Record<string, PlainTensor>>;
