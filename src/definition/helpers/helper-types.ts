/**
 * Types of helpers. A helper takes a function of the whole batch and gives one, so that helpers
 * nest; inputs are inferred from the outside in, what is returned from the inside out.
 *
 * Types only: what a helper is at run time is in ../infer-forms.ts.
 */
import type { InferContext } from "../model.ts";

/** `infer` of the whole batch. */
export type InferFunction<In, State, Returned> = (
  inputs: In,
  context: InferContext<State>,
) => Returned;

/** What a helper wraps: a function, or an object with such a method. */
export type Inferrer<In, State, Returned> =
  | InferFunction<In, State, Returned>
  | { infer(inputs: In, context: InferContext<State>): Returned };

/** Refuses names that are no inputs. */
export type Known<In, Names> = [Exclude<Names, keyof In>] extends [never]
  ? unknown
  : { readonly unknownInput: Exclude<Names, keyof In> };

/** Any generator becomes an async one. It yields nothing: its responses go to requests at once. */
export type Streamed<Returned> = Returned extends AsyncIterable<infer T> | Iterable<infer T>
  ? AsyncGenerator<T, void, undefined>
  : Returned;

/** A context whose types are known no more. */
export type AnyContext = InferContext<unknown>;
