/**
 * groupByValues: the function gets rows together whose named inputs are equal, a group at a time.
 *
 *   infer: groupByValues(["language"], firstValue(["language"], translate))
 *
 * Groups come in the order of the bytes of these inputs, rows within one in the order of the
 * batch; the outputs go back to where the rows were. Where groups return rows of different shapes
 * the option `pad` makes them equal. An input that no request has is no difference.
 */

import { type DeclaredModel, makeHelper, type Tensors } from "../infer-forms.ts";
import { checkArguments, inputNames, optionsAndFunction } from "./arguments.ts";
import type { AnyContext, InferFunction, Inferrer, Known, Streamed } from "./helper-types.ts";
import { findInputMistakes } from "./input-mistakes.ts";
import { type Part, partsOf } from "./parts.ts";
import type { PartOptions } from "./parts-work.ts";
import { returnedTensors } from "./returned-tensors.ts";
import { findPartMistakes, partOptionChecks, runParts } from "./run-parts.ts";
import { compareRows, mapInputs, rowBytes, takeRows } from "./tensor-rows.ts";

const helper = "groupByValues";

export function groupByValues<In, const Name extends string, State, Returned>(
  names: readonly Name[],
  fn: Inferrer<In, State, Returned> & Known<NoInfer<In>, Name>,
): InferFunction<In, State, Streamed<Returned>>;
export function groupByValues<In, const Name extends string, State, Returned>(
  names: readonly Name[],
  options: PartOptions,
  fn: Inferrer<In, State, Returned> & Known<NoInfer<In>, Name>,
): InferFunction<In, State, Streamed<Returned>>;
export function groupByValues(names: readonly string[], ...given: readonly unknown[]): unknown {
  checkArguments(helper, inputNames(names, "names"));
  const { options, inner } = optionsAndFunction(helper, given, partOptionChecks);
  return makeHelper<AnyContext>({
    inner,
    check: (model) => findMistakes(names, options, model),
    bind: (model, run) => (inputs, context) => {
      const groups = groupsOf(names, inputs, context.rows);
      if (groups.length === 1) return run(inputs, context);
      const call = (part: Part, inside: AnyContext): unknown => {
        const own = mapInputs(model, inputs, (tensor) => takeRows(tensor, part.rows, model));
        return run(own, inside);
      };
      const parts = partsOf(context.requests, groups);
      const toTensors = (returned: unknown, rows: number): Tensors => {
        return returnedTensors({ model, helper, rows }, returned);
      };
      return runParts({ helper, model, context, parts, options, call, toTensors });
    },
  });
}

function findMistakes(names: readonly string[], options: PartOptions, model: DeclaredModel) {
  if (model.options.batching === false) {
    return [
      `${helper} groups rows, and here is no batch ('batching' is false, or sample is around it): leave it out`,
    ];
  }
  return [...findInputMistakes(helper, names, model), ...findPartMistakes(helper, options, model)];
}

/** Rows by group; each list is ascending. */
function groupsOf(names: readonly string[], inputs: Tensors, count: number) {
  const columns = names.flatMap((name) => {
    const tensor = inputs[name];
    return tensor === undefined ? [] : [rowBytes(tensor)];
  });
  const rows = Array.from({ length: count }, (_, row) => row);
  const compare = (one: number, other: number): number => {
    for (const column of columns) {
      const order = compareRows(column[one] ?? [], column[other] ?? []);
      if (order !== 0) return order;
    }
    return 0;
  };
  if (rows.every((row) => compare(0, row) === 0)) return [rows];
  const groups: number[][] = [];
  for (const row of rows.toSorted(compare)) {
    const last = groups.at(-1);
    if (last !== undefined && compare(last[0] ?? 0, row) === 0) last.push(row);
    else groups.push([row]);
  }
  return groups;
}
