/**
 * Arguments of helpers, checked where they stand: a TypeError names the helper and what is wrong.
 *
 * Not here: whether they suit the model (each helper's `check`).
 */
import { type Check, eachOf, expecting, fieldsOf } from "../../protocol/option-checks.ts";
import { inferring } from "../infer-forms.ts";

export interface HelperArguments {
  readonly options: Readonly<Record<string, unknown>>;
  /** The function that is wrapped. */
  readonly inner: unknown;
}

/** `(fn)` or `(options, fn)`. */
export function optionsAndFunction(
  helper: string,
  given: readonly unknown[],
  checks: Readonly<Record<string, Check>>,
): HelperArguments {
  const [options, inner] = given.length > 1 ? [given[0], given[1]] : [{}, given[0]];
  checkArguments(helper, [...fieldsOf(checks)(options, ""), ...inferring(inner, "fn")]);
  // Just checked to be an object.
  return { options: options as HelperArguments["options"], inner };
}

export function checkArguments(helper: string, mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new TypeError(`${helper}(): ${mistakes.join("; ")}`);
}

export const inputNames: Check = (value, field) => {
  const names = eachOf(
    expecting("the name of an input", (name) => typeof name === "string"),
    "names of inputs",
  );
  if (!Array.isArray(value) || value.length > 0) return names(value, field);
  return [`'${field}' must be names of inputs; got none`];
};
