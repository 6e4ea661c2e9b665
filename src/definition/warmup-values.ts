/**
 * Values of a warm-up sample, as its user wrote them: one row of an input, in the wire's layout.
 */

import type { Fields } from "../protocol/fields.ts";
import type { TensorDeclaration } from "../protocol/model-options.ts";
import { formatShape } from "../protocol/shape.ts";
import { type Warmup, warmupInputs, warmupSamples } from "../protocol/warmup.ts";
import { checkWarmup, findWarmupMistakes } from "../protocol/warmup-check.ts";
import { defaultForm, type TensorSpecs } from "./specifications.ts";
import { type WrittenValues, writtenValues } from "./written-values.ts";

/** What is wrong with the samples of a function model. */
export function findWarmupMistakesFor(specs: TensorSpecs, options: Fields): readonly string[] {
  const inputs = Object.entries(specs).map(([name, { datatype, dims, isOptional }]) => {
    return { name, datatype, dims, isOptional };
  });
  const warmup = options["warmup"];
  if (warmup === undefined || checkWarmup(warmup, "warmup").length > 0) return [];
  const mistakes = findWarmupMistakes(options, inputs);
  return mistakes.length > 0 ? mistakes : findValueMistakes(warmup as Warmup, inputs);
}

function findValueMistakes(
  warmup: Warmup,
  inputs: readonly TensorDeclaration[],
): readonly string[] {
  return warmupSamples(warmup).flatMap(([field, sample]) =>
    warmupInputs(sample, []).flatMap(([name, source]) => {
      const input = inputs.find((other) => other.name === name);
      if (input === undefined || !("values" in source)) return [];
      const why = findValueMistake(input, source);
      return why === undefined ? [] : [`'${field}.inputs.${name}.values' ${why}`];
    }),
  );
}

function findValueMistake(
  input: TensorDeclaration,
  { values, dims }: { readonly values: unknown; readonly dims?: readonly number[] },
): string | undefined {
  try {
    warmupRow({ ...input, dims: dims ?? input.dims }, values);
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return why.startsWith("must ") ? why : `cannot be used: ${why}`;
  }
}

/** Throws a TypeError, whose message goes on after the name of what was given. */
export function warmupRow(
  { datatype, dims }: Pick<TensorDeclaration, "datatype" | "dims">,
  values: unknown,
): WrittenValues {
  const row = writtenValues({ datatype, as: defaultForm(datatype), dims }, values);
  const fits = dims.every((size, index) => size === -1 || size === row.shape[index]);
  if (fits && row.shape.length === dims.length) return row;
  const got = formatShape(row.shape);
  throw new TypeError(`must be one row, of shape ${formatShape(dims)}; got ${got}`);
}
