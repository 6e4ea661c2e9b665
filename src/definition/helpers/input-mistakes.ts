/**
 * Names that a helper was given, and that are no inputs of the model as it sees it.
 */
import type { DeclaredModel } from "../infer-forms.ts";

export function findInputMistakes(
  helper: string,
  names: readonly string[],
  { inputs }: DeclaredModel,
): readonly string[] {
  const there = Object.keys(inputs);
  return names
    .filter((name) => !there.includes(name))
    .map((name) => `${helper}: '${name}' is no input here (there are ${there.join(", ")})`);
}
