/**
 * Forms of `infer`: a function, an object with such a method, or a helper around either.
 *
 *   infer: ({ x }) => ...           a function, a generator function, async or not
 *   infer: new Classifier()         an object with a method `infer`, which keeps its `this`
 *   infer: padBatch(...)            a helper: a function with a plan under a symbol
 *
 * A helper must know the model that it is used in (its tensors, how it batches). `model()` tells
 * it: `bindInfer` makes the function for this one model, and what is wrong is told there. A helper
 * that is called without that, by a plain function of the user's, binds itself to the model of the
 * context; so one helper may serve several models.
 *
 * Not here: the helpers (helpers/), what a context is (model.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { isFields } from "../protocol/fields.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import { tellMistakes } from "../protocol/model-options-check.ts";
import { mustBe } from "../protocol/option-checks.ts";
import type { ElementForm, TensorSpecs } from "./specifications.ts";
import type { Tensor } from "./tensor.ts";

/** What a model says of itself, as its functions may see it. */
export interface DeclaredModel {
  readonly name: string;
  /** Positive integer. */
  readonly version: number;
  readonly inputs: TensorSpecs;
  readonly outputs: TensorSpecs;
  /** As they were written: what was left out is not there. */
  readonly options: ModelOptions;
  /** It streams. */
  readonly isDecoupled: boolean;
}

/** Inside of a model, whose types are known no more. */
export type AnyTensor = Tensor<Datatype, ElementForm>;
export type Tensors = Readonly<Record<string, AnyTensor>>;
export type Run<Context> = (inputs: Tensors, context: Context) => unknown;
export type AnyFunction = (inputs: never, context: never) => unknown;

/** One with a method: `this` is the object. */
interface Inferring<Function> {
  readonly infer: Function;
}

interface HelperUse {
  /** The function, object or helper that it wraps. */
  readonly inner: unknown;
  /** What is wrong with it in this model. */
  readonly check?: (model: DeclaredModel) => readonly string[];
  /** The model as the wrapped function sees it; default: unchanged. */
  readonly within?: (model: DeclaredModel) => DeclaredModel;
}

export interface HelperPlan<Context> extends HelperUse {
  readonly bind: (model: DeclaredModel, run: Run<Context>) => Run<Context>;
}

/** Everybody's: a loader may bring a second copy of this package. */
const planKey = Symbol.for("shoal.helper");

/** That of a helper knows how the function that gets it sees the model. */
export interface InnerContext {
  readonly model: DeclaredModel;
  readonly seenModel?: DeclaredModel | undefined;
}

export function makeHelper<Context extends InnerContext>(plan: HelperPlan<Context>): Run<Context> {
  let latest: { readonly model: DeclaredModel; readonly run: Run<Context> } | undefined;
  const run: Run<Context> = (inputs, context) => {
    const model = context.seenModel ?? context.model;
    if (latest?.model !== model) latest = { model, run: bound(plan, model) };
    return latest.run(inputs, context);
  };
  return Object.assign(run, { [planKey]: plan });
}

/** Throws a TypeError with a line for each mistake. */
export function bindInfer<Function extends AnyFunction>(
  infer: Function | Inferring<Function>,
  model: DeclaredModel,
): Function {
  const plan = planOf(infer);
  // Binding changes nothing about what it takes and returns.
  return (plan === undefined ? asFunction(infer) : bound(plan, model)) as Function;
}

/** A function, or an object with the method. */
export function inferring(value: unknown, field: string): readonly string[] {
  if (typeof value === "function" || typeof methodOf(value) === "function") return [];
  return [mustBe(field, "a function, or an object with a method 'infer'", value)];
}

/**
 * A generator function, whose call runs nothing yet; or a list of them. Helpers and objects do not
 * hide it.
 */
export function isGenerator(infer: unknown): boolean {
  if (Array.isArray(infer)) return infer.length > 0 && infer.every(isGenerator);
  const plan = planOf(infer);
  if (plan !== undefined) return isGenerator(plan.inner);
  const called = typeof infer === "function" ? infer : methodOf(infer);
  return typeof called === "function" && /Generator/.test(called.constructor.name);
}

function bound<Context>(plan: HelperPlan<Context>, model: DeclaredModel): Run<Context> {
  const mistakes = findMistakes(plan, model);
  if (mistakes.length > 0) throw new TypeError(tellMistakes(model.name, mistakes));
  const within = plan.within?.(model) ?? model;
  const inner = planOf<Context>(plan.inner);
  const run = inner === undefined ? asFunction<Run<Context>>(plan.inner) : bound(inner, within);
  return plan.bind(model, run);
}

/** Its own, and those of the helpers that it wraps. */
function findMistakes({ check, within, inner }: HelperUse, model: DeclaredModel): string[] {
  const mistakes = [...(check?.(model) ?? [])];
  const next = planOf(inner);
  if (next !== undefined) mistakes.push(...findMistakes(next, within?.(model) ?? model));
  return mistakes;
}

function asFunction<Function extends AnyFunction>(infer: unknown): Function {
  if (typeof infer === "function") return infer as Function;
  const object = infer as Inferring<Function>;
  return ((inputs, context) => object.infer(inputs, context)) as Function;
}

function planOf<Context>(infer: unknown): HelperPlan<Context> | undefined {
  if (typeof infer !== "function") return undefined;
  return (infer as { readonly [planKey]?: HelperPlan<Context> })[planKey];
}

function methodOf(value: unknown): unknown {
  return isFields(value) ? value["infer"] : undefined;
}
