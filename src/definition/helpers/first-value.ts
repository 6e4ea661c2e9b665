/**
 * firstValue: an input that is the same for all rows, given once: its first row in its place.
 *
 *   infer: groupByValues(["scale"], firstValue(["scale"], ({ x, scale }) => ...))  scale: a number
 *
 * A row of one element is that element, so its dimensions must be declared as 1; with
 * `squeeze: false` it is a tensor, of any shape, without the batch dimension. Rows that differ are
 * refused, unless `strict` is false. An input that no request has stays away.
 */
import { InferenceError } from "../../protocol/errors.ts";
import { flag, optionally } from "../../protocol/option-checks.ts";
import { formatShape } from "../../protocol/shape.ts";
import { decodeElement } from "../element-arrays.ts";
import { type AnyTensor, type DeclaredModel, makeHelper, type Tensors } from "../infer-forms.ts";
import type { Elements } from "../specifications.ts";
import type { Tensor } from "../tensor.ts";
import { checkArguments, inputNames, optionsAndFunction } from "./arguments.ts";
import type { AnyContext, InferFunction, Inferrer, Known } from "./helper-types.ts";
import { findInputMistakes } from "./input-mistakes.ts";
import { compareRows, rowBytes } from "./tensor-rows.ts";

export interface FirstValueOptions<Squeeze extends boolean = boolean> {
  /** A row of one element is that element; default true. */
  readonly squeeze?: Squeeze;
  /** Rows that differ are an error, INVALID_ARGUMENT; default true. */
  readonly strict?: boolean;
}

type FirstOf<Given, Squeeze> =
  Given extends Tensor<infer D, infer As>
    ? Squeeze extends false
      ? Tensor<D, As>
      : Elements[As]
    : Given;

/** The inputs, these by their first rows. */
type WithFirst<In, Names, Squeeze> = Omit<In, Names & string> & {
  readonly [Name in Names & keyof In]: FirstOf<In[Name], Squeeze>;
};

const helper = "firstValue";

export function firstValue<In, const Name extends string, State, Returned>(
  names: readonly Name[],
  fn: Inferrer<WithFirst<NoInfer<In>, Name, true>, State, Returned> & Known<NoInfer<In>, Name>,
): InferFunction<In, State, Returned>;
export function firstValue<
  In,
  const Name extends string,
  State,
  Returned,
  Squeeze extends boolean = true,
>(
  names: readonly Name[],
  options: FirstValueOptions<Squeeze>,
  fn: Inferrer<WithFirst<NoInfer<In>, Name, Squeeze>, State, Returned> & Known<NoInfer<In>, Name>,
): InferFunction<In, State, Returned>;
export function firstValue(names: readonly string[], ...given: readonly unknown[]): unknown {
  checkArguments(helper, inputNames(names, "names"));
  const checks = { squeeze: optionally(flag), strict: optionally(flag) };
  const { options, inner } = optionsAndFunction(helper, given, checks);
  return makeHelper<AnyContext>({
    inner,
    check: (model) => findMistakes(names, options, model),
    within: (model) => without(names, model),
    bind: (model, run) => (inputs, context) => {
      const first: Record<string, unknown> = { ...inputs };
      for (const name of names) {
        const tensor = inputs[name];
        if (tensor === undefined) continue;
        if (options["strict"] !== false) checkEqual(model, name, tensor);
        first[name] = options["squeeze"] === false ? tensor.row(0) : elementOf(tensor);
      }
      // What the function takes is what its types say; those between helpers know tensors only.
      return run(first as Tensors, context);
    },
  });
}

function findMistakes(
  names: readonly string[],
  { squeeze }: FirstValueOptions,
  model: DeclaredModel,
): readonly string[] {
  if (model.options.batching === false) {
    return [`${helper} is for models that batch, and here is no batch: leave it out`];
  }
  const mistakes = [...findInputMistakes(helper, names, model)];
  for (const name of names) {
    const { dims } = model.inputs[name] ?? { dims: [] };
    if (squeeze === false || dims.every((dimension) => dimension === 1)) continue;
    const remedy = "say { squeeze: false } to get its first row as a tensor";
    const got = `'${name}' has dimensions ${formatShape(dims)}`;
    mistakes.push(`${helper}: ${got}, and one element is wanted: ${remedy}`);
  }
  return mistakes;
}

/** To helpers within, these are inputs no more. */
function without(names: readonly string[], model: DeclaredModel): DeclaredModel {
  const inputs = Object.entries(model.inputs).filter(([name]) => !names.includes(name));
  return { ...model, inputs: Object.fromEntries(inputs) };
}

function checkEqual({ name: model }: DeclaredModel, name: string, tensor: AnyTensor): void {
  const [first = [], ...others] = rowBytes(tensor);
  if (others.every((row) => compareRows(first, row) === 0)) return;
  const why = `all rows of input '${name}' must be equal, because one value of it is used for all`;
  throw new InferenceError("INVALID_ARGUMENT", `model '${model}': ${why}`);
}

function elementOf({ datatype, data }: AnyTensor): unknown {
  return decodeElement(datatype, (data as ArrayLike<unknown>)[0]);
}
