/**
 * fillOptionals: an optional input that no request of the batch has gets a default.
 *
 *   infer: fillOptionals({ scale: [1] }, ({ x, scale }) => ...)    scale is there
 *
 * Defaults are rows: without the batch dimension, repeated over the rows of the batch. They are
 * checked when the model is defined. (Requests with and without an input share no batch:
 * core/compatibility-key.ts.)
 */
import type { Datatype } from "../../protocol/datatype.ts";
import { isFields } from "../../protocol/fields.ts";
import { mustBe } from "../../protocol/option-checks.ts";
import type { TensorData } from "../element-arrays.ts";
import { type AnyTensor, type DeclaredModel, inferring, makeHelper } from "../infer-forms.ts";
import type { Nested } from "../nested-values.ts";
import type { ElementForm, Elements, TensorSpec } from "../specifications.ts";
import type { Tensor } from "../tensor.ts";
import { checkArguments } from "./arguments.ts";
import type { AnyContext, InferFunction, Inferrer } from "./helper-types.ts";
import { findInputMistakes } from "./input-mistakes.ts";
import { toTensor } from "./returned-tensors.ts";
import { takeRows } from "./tensor-rows.ts";

type DefaultOf<Given> =
  Given extends Tensor<infer D extends Datatype, infer As extends ElementForm>
    ? Tensor<D, ElementForm> | TensorData<D, As> | readonly Nested<Elements[As]>[]
    : never;

/** A row for each name; names that are no inputs have none. */
type DefaultsFor<In, Defaults> = {
  readonly [Name in keyof Defaults]: Name extends keyof In
    ? DefaultOf<Exclude<In[Name], undefined>>
    : never;
};

type Filled<In, Names> = Omit<In, Names & string> & {
  readonly [Name in Names & keyof In]-?: Exclude<In[Name], undefined>;
};

const helper = "fillOptionals";

export function fillOptionals<In, const Defaults, State, Returned>(
  defaults: Defaults & DefaultsFor<NoInfer<In>, Defaults>,
  fn: Inferrer<Filled<NoInfer<In>, keyof Defaults>, State, Returned>,
): InferFunction<In, State, Returned>;
export function fillOptionals(defaults: object, fn: unknown): unknown {
  const isRight = isFields(defaults);
  const mistakes = isRight ? [] : [mustBe("defaults", "an object of defaults", defaults)];
  checkArguments(helper, [...mistakes, ...inferring(fn, "fn")]);
  const values = Object.entries(defaults);
  return makeHelper<AnyContext>({
    inner: fn,
    check: (model) => values.flatMap((value) => findMistakes(model, value)),
    within: (model) => filledIn(Object.keys(defaults), model),
    bind: (model, run) => {
      const rows = values.map(([name, value]) => {
        const spec = model.inputs[name] as TensorSpec;
        return [name, toTensor(spec, spec.dims, value)] as const;
      });
      // New each time: the function may change it, or return it.
      const repeated = (row: AnyTensor, count: number): AnyTensor => {
        const one = row.reshape([1, ...row.shape]);
        return takeRows(one, new Array<number>(count).fill(0), model);
      };
      const whole = (row: AnyTensor): AnyTensor => repeated(row, 1).reshape(row.shape);
      const isBatching = model.options.batching !== false;
      return (inputs, context) => {
        const filled: Record<string, AnyTensor> = { ...inputs };
        for (const [name, row] of rows) {
          filled[name] ??= isBatching ? repeated(row, context.rows) : whole(row);
        }
        return run(filled, context);
      };
    },
  });
}

function findMistakes(model: DeclaredModel, [name, value]: readonly [string, unknown]) {
  const spec = model.inputs[name];
  if (spec === undefined) return findInputMistakes(helper, [name], model);
  if (!spec.isOptional) {
    const remedy = `declare it with optional(...), or leave its default out`;
    return [`${helper}: '${name}' is never missing: ${remedy}`];
  }
  try {
    toTensor(spec, spec.dims, value);
    return [];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [`${helper}: the default of '${name}'${why.startsWith("must ") ? "" : ":"} ${why}`];
  }
}

function filledIn(names: readonly string[], model: DeclaredModel): DeclaredModel {
  const inputs = Object.entries(model.inputs).map(([name, spec]) => {
    return [name, names.includes(name) ? { ...spec, isOptional: false } : spec] as const;
  });
  return { ...model, inputs: Object.fromEntries(inputs) };
}
