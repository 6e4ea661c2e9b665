/**
 * wrapInfer: a helper of the user's own, into which `model()` can look.
 *
 *   const timed = (fn) => wrapInfer(fn, (infer) => (inputs, context) => {
 *     ...                                        before each batch
 *     return infer(inputs, context);
 *   });
 *
 * A plain function around a helper works, too, but hides what is inside: whether that streams, and
 * what of it does not suit the model, are then known at the first batch only.
 */
import { callable, mustBe } from "../../protocol/option-checks.ts";
import { type DeclaredModel, inferring, makeHelper, type Run } from "../infer-forms.ts";
import { checkArguments } from "./arguments.ts";
import type { AnyContext, InferFunction, Inferrer } from "./helper-types.ts";

const helper = "wrapInfer";

/**
 * `wrap` is called once for each model that is defined with it (and again in each of its threads):
 * with the function, and what the model says of itself. What it throws is thrown by `model()`.
 */
export function wrapInfer<In, State, Returned, Changed = Returned>(
  fn: Inferrer<In, State, Returned>,
  wrap: (
    infer: InferFunction<In, State, Returned>,
    model: DeclaredModel,
  ) => InferFunction<In, State, Changed>,
): InferFunction<In, State, Changed>;
export function wrapInfer(
  fn: unknown,
  wrap: (infer: Run<AnyContext>, model: DeclaredModel) => Run<AnyContext>,
): unknown {
  checkArguments(helper, [...inferring(fn, "fn"), ...callable(wrap, "wrap")]);
  return makeHelper<AnyContext>({
    inner: fn,
    bind: (model, run) => {
      const wrapped: unknown = wrap(run, model);
      if (typeof wrapped === "function") return wrapped as Run<AnyContext>;
      throw new TypeError(`model '${model.name}': ${helper}: ${mustBe("wrap", expected, wrapped)}`);
    },
  });
}

const expected = "a function that returns a function";
