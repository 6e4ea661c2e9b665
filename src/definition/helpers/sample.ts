/**
 * sample: the function gets one row at a time, without the batch dimension, and returns one.
 *
 *   infer: sample(({ x }) => ({ sum: [x.data[0] + x.data[1]] }))    x of shape [2]
 *
 * A model without batching has no batch dimension: there the function is called as it is.
 */
import { type DeclaredModel, makeHelper, type Tensors } from "../infer-forms.ts";
import { optionsAndFunction } from "./arguments.ts";
import type { AnyContext, InferFunction, Inferrer, Streamed } from "./helper-types.ts";
import { type Part, partsOf } from "./parts.ts";
import type { PartOptions } from "./parts-work.ts";
import { returnedTensors } from "./returned-tensors.ts";
import { findPartMistakes, partOptionChecks, runParts } from "./run-parts.ts";
import { mapInputs, mapTensors } from "./tensor-rows.ts";

const helper = "sample";

export function sample<In, State, Returned>(
  fn: Inferrer<In, State, Returned>,
): InferFunction<In, State, Streamed<Returned>>;
export function sample<In, State, Returned>(
  options: PartOptions,
  fn: Inferrer<In, State, Returned>,
): InferFunction<In, State, Streamed<Returned>>;
export function sample(...given: readonly unknown[]): unknown {
  const { options, inner } = optionsAndFunction(helper, given, partOptionChecks);
  return makeHelper<AnyContext>({
    inner,
    check: (model) => findPartMistakes(helper, options, model),
    within: withoutBatch,
    bind: (model, run) => {
      if (model.options.batching === false) return run;
      const seenModel = withoutBatch(model);
      const toTensors = (returned: unknown): Tensors => {
        const outputs = returnedTensors({ model, helper, rows: undefined }, returned);
        return mapTensors(outputs, (tensor) => tensor.reshape([1, ...tensor.shape]));
      };
      return (inputs, context) => {
        const call = (part: Part, inside: AnyContext): unknown => {
          const row = part.rows[0] ?? 0;
          return run(
            mapInputs(model, inputs, (tensor) => tensor.row(row)),
            inside,
          );
        };
        const rows = Array.from({ length: context.rows }, (_, row) => [row]);
        const parts = partsOf(context.requests, rows);
        return runParts({ helper, model, seenModel, context, parts, options, call, toTensors });
      };
    },
  });
}

function withoutBatch(model: DeclaredModel): DeclaredModel {
  return { ...model, options: { ...model.options, batching: false } };
}
